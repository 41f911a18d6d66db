-- Window 1, phase contract, forwards. Run with: psql -v ON_ERROR_STOP=1 -f w1_3_contract.up.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

-- migplan:step tighten:column:public.customers.country
SET statement_timeout = '0';
DO $migplan$
#variable_conflict use_column
DECLARE
  offenders bigint;
BEGIN
  offenders := (SELECT count(*) FROM public.customers WHERE country IS NULL);
  IF offenders > 0 THEN
    RAISE EXCEPTION '% (% rows)', 'column public.customers.country holds NULLs', offenders;
  END IF;
END
$migplan$;
BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step tighten:column:public.customers.country
-- set NOT NULL on column public.customers.country
-- lock: ACCESS EXCLUSIVE, reads the whole table; no row is NULL any more, and the application writes none
-- table public.customers is small: 3000 rows when the plan was made
-- squawk-ignore adding-not-nullable-field
ALTER TABLE public.customers ALTER COLUMN country SET NOT NULL;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step drop:column:public.products.fax_code
-- drop column public.products.fax_code
-- lock: ACCESS EXCLUSIVE; the application neither reads nor writes column public.products.fax_code
-- DATA LOSS: the values of column public.products.fax_code
-- checkpoint 1 says that no application depends on it any more
-- squawk-ignore ban-drop-column
ALTER TABLE public.products DROP COLUMN fax_code;

COMMIT;

-- migplan:step compare:table:public.customers:copy
SET statement_timeout = '0';
DO $migplan$
#variable_conflict use_column
DECLARE
  offenders bigint;
BEGIN
  offenders := (SELECT count(*) FROM public.customers WHERE (full_name IS DISTINCT FROM name AND name IS DISTINCT FROM full_name));
  IF offenders > 0 THEN
    RAISE EXCEPTION '% (% rows)', 'rows of table public.customers disagree between the old and the new columns', offenders;
  END IF;
END
$migplan$;
BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step compare:table:public.customers:copy
-- count the rows of table public.customers whose old and new columns disagree
-- lock: none that an application feels; the plan stops here if the trigger was circumvented

-- migplan:step rename-columns:table:public.customers
-- rename name to full_name in table public.customers
-- lock: ACCESS EXCLUSIVE; metadata only; everything that stands on the column comes along
DROP TRIGGER "~migplan_sync" ON public.customers;
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-function
DROP FUNCTION public."~customers~sync"();
-- one transaction swaps the two: the declared name is never missing
-- squawk-ignore renaming-column
ALTER TABLE public.customers RENAME COLUMN full_name TO "~full_name~copy";
-- checkpoint 1 says that no application uses the old name any more
-- squawk-ignore renaming-column
ALTER TABLE public.customers RENAME COLUMN name TO full_name;
-- no application sees this name
-- squawk-ignore renaming-object
ALTER TABLE public.customers RENAME CONSTRAINT customers_name_not_null TO customers_full_name_not_null;
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
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:fill:table:public.customers:aside
-- on the way back: fill the copies of table public.customers
-- lock: none that an application feels; nobody uses it any more; the way back makes it again

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:copy:table:public.customers:aside
-- drop what was made aside: table public.customers: name as full_name, kept in step by a trigger
-- lock: ACCESS EXCLUSIVE; nobody uses it any more; the way back makes it again
-- note: sessions with session_replication_role = replica skip the trigger
DROP TRIGGER "~migplan_sync" ON public.customers;
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-function
DROP FUNCTION public."~customers~sync"();
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-column
ALTER TABLE public.customers DROP COLUMN "~full_name~copy";

COMMIT;

-- migplan:step compare:table:public.orders
SET statement_timeout = '0';
DO $migplan$
#variable_conflict use_column
DECLARE
  offenders bigint;
BEGIN
  offenders := (SELECT count(*) FROM public.orders WHERE ("~total_cents~new" IS DISTINCT FROM total_cents::bigint AND total_cents IS DISTINCT FROM "~total_cents~new"::integer));
  IF offenders > 0 THEN
    RAISE EXCEPTION '% (% rows)', 'rows of table public.orders disagree between the old and the new columns', offenders;
  END IF;
END
$migplan$;
BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step compare:table:public.orders
-- count the rows whose old and new public.orders.total_cents disagree
-- lock: none that an application feels; the plan stops here if the trigger was circumvented

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '0';

-- migplan:step lock:table:public.orders
-- lock table public.orders and what stands on it
-- lock: ACCESS EXCLUSIVE; a table that can't be had soon lets go of all, and is the first of the next try
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

-- migplan:step drop:view:public.customer_orders
-- drop view public.customer_orders
-- lock: ACCESS EXCLUSIVE; it can't be changed in place
-- checkpoint 1 says that no application depends on it any more
-- squawk-ignore ban-drop-view
DROP VIEW public.customer_orders;

-- migplan:step swap:table:public.orders
-- let the new public.orders.total_cents take the place of the old
-- lock: ACCESS EXCLUSIVE; renames in one transaction, with all that stands on the columns: no row is read
DROP TRIGGER "~migplan_sync" ON public.orders;
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-function
DROP FUNCTION public."~orders~sync"();
-- no application sees this name
-- squawk-ignore renaming-object
ALTER TABLE public.orders RENAME CONSTRAINT orders_total_cents_not_null TO "~total_cents~old~nn";
-- no application sees this name
-- squawk-ignore renaming-object
ALTER TABLE public.orders RENAME CONSTRAINT "~total_cents~new~nn" TO orders_total_cents_not_null;
-- one transaction swaps the two: the declared name is never missing
-- squawk-ignore renaming-column
ALTER TABLE public.orders RENAME COLUMN total_cents TO "~total_cents~old";
-- one transaction swaps the two: the declared name is never missing
-- squawk-ignore renaming-column
ALTER TABLE public.orders RENAME COLUMN "~total_cents~new" TO total_cents;
-- no application sees this name
-- squawk-ignore renaming-object
ALTER INDEX public.orders_total RENAME TO "~orders_total~old";
-- no application sees this name
-- squawk-ignore renaming-object
ALTER INDEX public."~orders_total~new" RENAME TO orders_total;
-- no application sees this name
-- squawk-ignore renaming-object
ALTER TABLE public.orders RENAME CONSTRAINT orders_total_cents_check TO "~orders_total_cents_check~old";
-- no application sees this name
-- squawk-ignore renaming-object
ALTER TABLE public.orders RENAME CONSTRAINT "~orders_total_cents_check~new" TO orders_total_cents_check;
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
ALTER FUNCTION public.touch_order() VOLATILE;

-- migplan:step create:view:public.customer_orders
-- create view public.customer_orders
-- lock: ACCESS SHARE; it can't be changed in place
CREATE VIEW public.customer_orders AS
 SELECT c.id,
    c.full_name AS name,
    count(o.id) AS orders,
    sum(o.total_cents) AS total_cents,
    max(o.ordered_at) AS last_order
   FROM (public.customers c
     LEFT JOIN public.orders o ON ((o.customer_id = c.id)))
  GROUP BY c.id;
COMMENT ON VIEW public.customer_orders IS 'One row a customer, for the support desk.';

-- migplan:step unlock:table:public.orders
-- on the way back: lock table public.orders and what stands on it
-- lock: none that an application feels; whoever leads back needs the same locks first

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:validate:constraint:public.orders.orders_total_cents_check:old
-- on the way back: validate constraint public.orders.orders_total_cents_check on the old columns
-- lock: none that an application feels; nobody uses it any more; the way back makes it again

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:guard:constraint:public.orders.orders_total_cents_check:old
-- drop constraint public.orders.orders_total_cents_check of the old columns
-- lock: ACCESS EXCLUSIVE; nobody uses it any more; the way back makes it again
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-constraint
ALTER TABLE public.orders DROP CONSTRAINT "~orders_total_cents_check~old";

COMMIT;

SET lock_timeout = '2000ms';
SET statement_timeout = '7000ms';

-- migplan:step retire:build:index:public.orders_total:old
-- drop index public.orders_total on the old columns
-- lock: SHARE UPDATE EXCLUSIVE; nobody uses it any more; the way back makes it again
DROP INDEX CONCURRENTLY public."~orders_total~old";

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:tighten:column:public.orders."~total_cents~old"
-- on the way back: validate NOT NULL on column public.orders."~total_cents~old"
-- lock: none that an application feels; nobody uses it any more; the way back makes it again

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:guard:column:public.orders."~total_cents~old"
-- no longer refuse new NULLs in column public.orders."~total_cents~old"
-- lock: ACCESS EXCLUSIVE; nobody uses it any more; the way back makes it again
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-not-null
ALTER TABLE public.orders ALTER COLUMN "~total_cents~old" DROP NOT NULL;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:fill:table:public.orders:old
-- on the way back: fill the old public.orders.total_cents
-- lock: none that an application feels; nobody uses it any more; the way back makes it again

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step retire:stage:table:public.orders:old
-- drop the old public.orders.total_cents under a temporary name
-- lock: ACCESS EXCLUSIVE; nobody uses it any more; the way back makes it again
-- note: sessions with session_replication_role = replica skip the trigger
DROP TRIGGER "~migplan_sync" ON public.orders;
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-function
DROP FUNCTION public."~orders~sync"();
-- migplan's own: no application knows this name
-- squawk-ignore ban-drop-column
ALTER TABLE public.orders DROP COLUMN "~total_cents~old";

COMMIT;
