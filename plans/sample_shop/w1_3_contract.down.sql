-- Window 1, phase contract, back to the state before this phase. Run with: psql -v ON_ERROR_STOP=1 -f w1_3_contract.down.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

-- migplan:step retire:stage:table:public.orders:old
SET statement_timeout = '0';
DO $migplan$
#variable_conflict use_column
DECLARE
  offenders bigint;
BEGIN
  offenders := (SELECT count(*) FROM public.orders WHERE total_cents NOT BETWEEN -2147483648 AND 2147483647);
  IF offenders > 0 THEN
    RAISE EXCEPTION '% (% rows)', 'rows of table public.orders have values of public.orders.total_cents that integer has no room for', offenders;
  END IF;
END
$migplan$;
BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:stage:table:public.orders:old
-- undo: drop the old public.orders.total_cents under a temporary name
ALTER TABLE public.orders ADD COLUMN "~total_cents~old" integer;
CREATE FUNCTION public."~orders~sync"() RETURNS trigger LANGUAGE plpgsql AS $migplan$
BEGIN
  IF current_setting('migplan.sync', true) = 'off' AND pg_trigger_depth() = 1 THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.total_cents IS NULL THEN
      NEW.total_cents := NEW."~total_cents~old"::bigint;
    ELSE
      NEW."~total_cents~old" := NEW.total_cents::integer;
    END IF;
  ELSIF NEW.total_cents IS DISTINCT FROM OLD.total_cents THEN
    NEW."~total_cents~old" := NEW.total_cents::integer;
  ELSIF NEW."~total_cents~old" IS DISTINCT FROM OLD."~total_cents~old" THEN
    NEW.total_cents := NEW."~total_cents~old"::bigint;
  END IF;
  RETURN NEW;
END
$migplan$;
CREATE TRIGGER "~migplan_sync" BEFORE INSERT OR UPDATE ON public.orders FOR EACH ROW EXECUTE FUNCTION public."~orders~sync"();

COMMIT;

SET lock_timeout = '0';
SET statement_timeout = '0';

-- migplan:step retire:fill:table:public.orders:old
-- undo: on the way back: fill the old public.orders.total_cents
DO $migplan$
DECLARE
  last_1 bigint;
  rows integer := 5000;
  condition text := '';
  began timestamptz;
BEGIN
  LOOP
    began := clock_timestamp();
    PERFORM set_config('migplan.sync', 'off', true);
    EXECUTE format('WITH batch AS MATERIALIZED (SELECT id AS "~key_1" FROM public.orders%s ORDER BY id LIMIT %s FOR NO KEY UPDATE), changed AS (UPDATE public.orders SET "~total_cents~old" = total_cents::integer FROM batch "~batch" WHERE public.orders.id = "~batch"."~key_1" AND (("~total_cents~old" IS DISTINCT FROM total_cents::integer AND ("~total_cents~old" IS NULL OR total_cents IS DISTINCT FROM "~total_cents~old"::bigint)))) SELECT "~key_1" FROM batch ORDER BY "~key_1" DESC LIMIT 1', condition, rows) INTO last_1 USING last_1;
    EXIT WHEN last_1 IS NULL;
    COMMIT;
    condition := ' WHERE (id) > ($1)';
    rows := greatest(100, least(50000, rows * 0.5
      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;
  END LOOP;
END
$migplan$;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:guard:column:public.orders."~total_cents~old"
-- undo: no longer refuse new NULLs in column public.orders."~total_cents~old"
ALTER TABLE public.orders ADD CONSTRAINT "~total_cents~old~nn" NOT NULL "~total_cents~old" NOT VALID;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step retire:tighten:column:public.orders."~total_cents~old"
-- undo: on the way back: validate NOT NULL on column public.orders."~total_cents~old"
ALTER TABLE public.orders VALIDATE CONSTRAINT "~total_cents~old~nn";

COMMIT;

SET lock_timeout = '0';
SET statement_timeout = '0';

-- migplan:step retire:build:index:public.orders_total:old
-- undo: drop index public.orders_total on the old columns
CREATE INDEX CONCURRENTLY "~orders_total~old" ON public.orders USING btree ("~total_cents~old");

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:guard:constraint:public.orders.orders_total_cents_check:old
-- undo: drop constraint public.orders.orders_total_cents_check of the old columns
ALTER TABLE public.orders ADD CONSTRAINT "~orders_total_cents_check~old" CHECK (("~total_cents~old" >= 0)) NOT VALID;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step retire:validate:constraint:public.orders.orders_total_cents_check:old
-- undo: on the way back: validate constraint public.orders.orders_total_cents_check on the old columns
ALTER TABLE public.orders VALIDATE CONSTRAINT "~orders_total_cents_check~old";

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '0';

-- migplan:step unlock:table:public.orders
-- undo: on the way back: lock table public.orders and what stands on it
DO $migplan$
DECLARE
  locks text[] := ARRAY[
    (SELECT format('ALTER VIEW %s OWNER TO %I', oid::regclass, pg_get_userbyid(relowner)) FROM pg_class WHERE oid = 'public.customer_orders'::regclass),
    'LOCK TABLE ONLY public.orders IN ACCESS EXCLUSIVE MODE'
  ];
  wanted text;
  patience integer;
  began timestamptz;
  waited integer;
  tries integer := 0;
BEGIN
  LOOP
    BEGIN
      patience := 2000;
      began := clock_timestamp();
      FOREACH wanted IN ARRAY locks LOOP
        PERFORM set_config('lock_timeout', patience || 'ms', true);
        EXECUTE wanted;
        waited := 1000 * extract(epoch FROM clock_timestamp() - began);
        IF wanted = locks[1] AND waited > 450 AND cardinality(locks) > 1 THEN
          RAISE lock_not_available USING MESSAGE = format('%s: it came late, others queue for it', wanted);
        END IF;
        patience := greatest(1, 2 * 450 - waited);
      END LOOP;
      EXIT;
    EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
      tries := tries + 1;
      IF tries = 20 THEN
        RAISE;
      END IF;
    END;
    locks := wanted || array_remove(locks, wanted);
    PERFORM pg_sleep(0.3 + random());
  END LOOP;
END
$migplan$;
SET LOCAL statement_timeout = '7000ms';

-- migplan:step create:view:public.customer_orders
-- undo: create view public.customer_orders
DROP VIEW public.customer_orders;

-- migplan:step swap:table:public.orders
-- undo: let the new public.orders.total_cents take the place of the old
DROP TRIGGER "~migplan_sync" ON public.orders;
DROP FUNCTION public."~orders~sync"();
ALTER TABLE public.orders RENAME CONSTRAINT orders_total_cents_not_null TO "~total_cents~new~nn";
ALTER TABLE public.orders RENAME CONSTRAINT "~total_cents~old~nn" TO orders_total_cents_not_null;
ALTER TABLE public.orders RENAME COLUMN total_cents TO "~total_cents~new";
ALTER TABLE public.orders RENAME COLUMN "~total_cents~old" TO total_cents;
ALTER INDEX public.orders_total RENAME TO "~orders_total~new";
ALTER INDEX public."~orders_total~old" RENAME TO orders_total;
ALTER TABLE public.orders RENAME CONSTRAINT orders_total_cents_check TO "~orders_total_cents_check~new";
ALTER TABLE public.orders RENAME CONSTRAINT "~orders_total_cents_check~old" TO orders_total_cents_check;
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
ALTER FUNCTION public.touch_order() VOLATILE;

-- migplan:step drop:view:public.customer_orders
-- undo: drop view public.customer_orders
CREATE VIEW public.customer_orders AS
 SELECT c.id,
    c.full_name AS name,
    count(o.id) AS orders,
    sum(o.total_cents) AS total_cents
   FROM (public.customers c
     LEFT JOIN public.orders o ON ((o.customer_id = c.id)))
  GROUP BY c.id;
COMMENT ON VIEW public.customer_orders IS 'One row a customer, for the support desk.';

-- migplan:step lock:table:public.orders
-- undo: lock table public.orders and what stands on it

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step compare:table:public.orders
-- undo: count the rows whose old and new public.orders.total_cents disagree

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:copy:table:public.customers:aside
-- undo: drop what was made aside: table public.customers: name as full_name, kept in step by a trigger
ALTER TABLE public.customers ADD COLUMN "~full_name~copy" text;
CREATE FUNCTION public."~customers~sync"() RETURNS trigger LANGUAGE plpgsql AS $migplan$
BEGIN
  IF current_setting('migplan.sync', true) = 'off' AND pg_trigger_depth() = 1 THEN
    RETURN NEW;
  END IF;
  IF TG_OP = 'INSERT' THEN
    IF NEW.full_name IS NULL THEN
      NEW.full_name := NEW."~full_name~copy";
    ELSE
      NEW."~full_name~copy" := NEW.full_name;
    END IF;
  ELSIF NEW.full_name IS DISTINCT FROM OLD.full_name THEN
    NEW."~full_name~copy" := NEW.full_name;
  ELSIF NEW."~full_name~copy" IS DISTINCT FROM OLD."~full_name~copy" THEN
    NEW.full_name := NEW."~full_name~copy";
  END IF;
  RETURN NEW;
END
$migplan$;
CREATE TRIGGER "~migplan_sync" BEFORE INSERT OR UPDATE ON public.customers FOR EACH ROW EXECUTE FUNCTION public."~customers~sync"();

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step retire:fill:table:public.customers:aside
-- undo: on the way back: fill the copies of table public.customers
SET LOCAL migplan.sync = 'off';
UPDATE public.customers SET "~full_name~copy" = full_name WHERE ("~full_name~copy" IS DISTINCT FROM full_name AND ("~full_name~copy" IS NULL OR full_name IS DISTINCT FROM "~full_name~copy"));
SET LOCAL migplan.sync = 'on';

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step rename-columns:table:public.customers
-- undo: rename name to full_name in table public.customers
DROP TRIGGER "~migplan_sync" ON public.customers;
DROP FUNCTION public."~customers~sync"();
ALTER TABLE public.customers RENAME CONSTRAINT customers_full_name_not_null TO customers_name_not_null;
ALTER TABLE public.customers RENAME COLUMN full_name TO name;
ALTER TABLE public.customers RENAME COLUMN "~full_name~copy" TO full_name;
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

-- migplan:step compare:table:public.customers:copy
-- undo: count the rows of table public.customers whose old and new columns disagree

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step drop:column:public.products.fax_code
-- undo: drop column public.products.fax_code
-- the way back doesn't bring back the values of column public.products.fax_code
ALTER TABLE public.products ADD COLUMN fax_code text;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step tighten:column:public.customers.country
-- undo: set NOT NULL on column public.customers.country
ALTER TABLE public.customers ALTER COLUMN country DROP NOT NULL;

COMMIT;
