-- Window 0, phase expand, forwards. Run with: psql -v ON_ERROR_STOP=1 -f w0_1_expand.up.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

SET lock_timeout = '2000ms';
SET statement_timeout = '7000ms';

-- migplan:step alter:enum:public.order_status
-- alter enum public.order_status: labels
-- lock: none that an application feels; both versions of the application can live with it
ALTER TYPE public.order_status ADD VALUE 'refunded' AFTER 'shipped';

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step create:policy:public.customers.customers_see_themselves
-- create policy public.customers.customers_see_themselves
-- lock: ACCESS EXCLUSIVE; nothing uses it yet
CREATE POLICY customers_see_themselves ON public.customers FOR SELECT USING ((email = current_setting('shop.customer'::text, true)));

-- migplan:step copy:table:public.customers
-- copy table public.customers: name as full_name, kept in step by a trigger
-- lock: ACCESS EXCLUSIVE; the copy and its trigger come in one transaction, so that no write is missed
-- note: sessions with session_replication_role = replica skip the trigger
ALTER TABLE public.customers ADD COLUMN full_name text;
CREATE FUNCTION public."~customers~sync"() RETURNS trigger LANGUAGE plpgsql AS $migplan$
BEGIN
  IF current_setting('migplan.sync', true) = 'off' AND pg_trigger_depth() = 1 THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.full_name IS NULL THEN
      NEW.full_name := NEW.name;
    ELSE
      NEW.name := NEW.full_name;
    END IF;
  ELSIF NEW.full_name IS DISTINCT FROM OLD.full_name THEN
    NEW.name := NEW.full_name;
  ELSIF NEW.name IS DISTINCT FROM OLD.name THEN
    NEW.full_name := NEW.name;
  END IF;
  RETURN NEW;
END
$migplan$;
CREATE TRIGGER "~migplan_sync" BEFORE INSERT OR UPDATE ON public.customers FOR EACH ROW EXECUTE FUNCTION public."~customers~sync"();

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step stage:table:public.orders:new
-- add the new public.orders.total_cents under a temporary name, kept in step by a trigger
-- lock: ACCESS EXCLUSIVE; the column and its trigger come in one transaction, so that no write is missed
-- note: sessions with session_replication_role = replica skip the trigger
ALTER TABLE public.orders ADD COLUMN "~total_cents~new" bigint;
CREATE FUNCTION public."~orders~sync"() RETURNS trigger LANGUAGE plpgsql AS $migplan$
BEGIN
  IF current_setting('migplan.sync', true) = 'off' AND pg_trigger_depth() = 1 THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW."~total_cents~new" IS NULL THEN
      NEW."~total_cents~new" := NEW.total_cents::bigint;
    ELSE
      NEW.total_cents := NEW."~total_cents~new"::integer;
    END IF;
  ELSIF NEW."~total_cents~new" IS DISTINCT FROM OLD."~total_cents~new" THEN
    NEW.total_cents := NEW."~total_cents~new"::integer;
  ELSIF NEW.total_cents IS DISTINCT FROM OLD.total_cents THEN
    NEW."~total_cents~new" := NEW.total_cents::bigint;
  END IF;
  RETURN NEW;
END
$migplan$;
CREATE TRIGGER "~migplan_sync" BEFORE INSERT OR UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public."~orders~sync"();

COMMIT;
