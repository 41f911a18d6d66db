-- Window 0, phase migrate, forwards. Run with: psql -v ON_ERROR_STOP=1 -f w0_2_migrate.up.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

SET lock_timeout = '0';
SET statement_timeout = '0';

-- migplan:step create:index:public.order_items_product
-- build index public.order_items_product concurrently
-- lock: SHARE UPDATE EXCLUSIVE, reads the whole table; reads and writes go on while it is built
CREATE INDEX CONCURRENTLY order_items_product ON public.order_items USING btree (product_id);

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step fill:table:public.customers:copy
-- fill the copies of table public.customers
-- lock: ROW EXCLUSIVE, reads the whole table; one UPDATE, because the table is small; what the application
--   writes meanwhile is kept in step
SET LOCAL migplan.sync = 'off';
UPDATE public.customers SET full_name = name WHERE (full_name IS DISTINCT FROM name AND (full_name IS NULL OR name IS DISTINCT FROM full_name));
SET LOCAL migplan.sync = 'on';

COMMIT;

SET lock_timeout = '0';
SET statement_timeout = '0';

-- migplan:step fill:table:public.orders:new
-- fill the new public.orders.total_cents
-- lock: ROW EXCLUSIVE; row by row, in short transactions; what the application writes meanwhile is kept in
--   step by the trigger
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
    EXECUTE format('WITH batch AS MATERIALIZED (SELECT id AS "~key_1" FROM public.orders%s ORDER BY id LIMIT %s FOR NO KEY UPDATE), changed AS (UPDATE public.orders SET "~total_cents~new" = total_cents::bigint FROM batch "~batch" WHERE public.orders.id = "~batch"."~key_1" AND (("~total_cents~new" IS DISTINCT FROM total_cents::bigint AND ("~total_cents~new" IS NULL OR total_cents IS DISTINCT FROM "~total_cents~new"::integer)))) SELECT "~key_1" FROM batch ORDER BY "~key_1" DESC LIMIT 1', condition, rows) INTO last_1 USING last_1;
    EXIT WHEN last_1 IS NULL;
    COMMIT;
    condition := ' WHERE (id) > ($1)';
    rows := greatest(100, least(50000, rows * 0.5
      / greatest(0.01, extract(epoch FROM clock_timestamp() - began))))::integer;
  END LOOP;
END
$migplan$;

-- migplan:step guard:column:public.orders."~total_cents~new"
SET statement_timeout = '0';
DO $migplan$
#variable_conflict use_column
DECLARE
  offenders bigint;
BEGIN
  offenders := (SELECT count(*) FROM public.orders WHERE "~total_cents~new" IS NULL);
  IF offenders > 0 THEN
    RAISE EXCEPTION '% (% rows)', 'column public.orders."~total_cents~new" holds NULLs', offenders;
  END IF;
END
$migplan$;
BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step guard:column:public.orders."~total_cents~new"
-- refuse new NULLs in column public.orders."~total_cents~new"
-- lock: ACCESS EXCLUSIVE; NOT VALID: existing rows are not read
ALTER TABLE public.orders ADD CONSTRAINT "~total_cents~new~nn" NOT NULL "~total_cents~new" NOT VALID;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step tighten:column:public.orders."~total_cents~new"
-- validate NOT NULL on column public.orders."~total_cents~new"
-- lock: SHARE UPDATE EXCLUSIVE, reads the whole table; reads the table under a lock that only DDL and vacuum
--   feel
ALTER TABLE public.orders VALIDATE CONSTRAINT "~total_cents~new~nn";

COMMIT;

SET lock_timeout = '0';
SET statement_timeout = '0';

-- migplan:step build:index:public.orders_total:new
-- build index public.orders_total on the new columns
-- lock: SHARE UPDATE EXCLUSIVE, reads the whole table; reads and writes go on while it is built
CREATE INDEX CONCURRENTLY "~orders_total~new" ON public.orders USING btree ("~total_cents~new");

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step guard:constraint:public.orders.orders_total_cents_check:new
-- add constraint public.orders.orders_total_cents_check to the new columns, not validated
-- lock: ACCESS EXCLUSIVE; new rows are checked from here; existing ones are not read
ALTER TABLE public.orders ADD CONSTRAINT "~orders_total_cents_check~new" CHECK (("~total_cents~new" >= 0)) NOT VALID;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step validate:constraint:public.orders.orders_total_cents_check:new
-- validate constraint public.orders.orders_total_cents_check on the new columns
-- lock: SHARE UPDATE EXCLUSIVE, reads the whole table; reads the table in a transaction of its own, under a
--   lock that only DDL and vacuum feel
ALTER TABLE public.orders VALIDATE CONSTRAINT "~orders_total_cents_check~new";

COMMIT;
