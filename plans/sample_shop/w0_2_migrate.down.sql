-- Window 0, phase migrate, back to the state before this phase. Run with: psql -v ON_ERROR_STOP=1 -f w0_2_migrate.down.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step validate:constraint:public.orders.orders_total_cents_check:new
-- undo: validate constraint public.orders.orders_total_cents_check on the new columns

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step guard:constraint:public.orders.orders_total_cents_check:new
-- undo: add constraint public.orders.orders_total_cents_check to the new columns, not validated
ALTER TABLE public.orders DROP CONSTRAINT "~orders_total_cents_check~new";

COMMIT;

SET lock_timeout = '2000ms';
SET statement_timeout = '7000ms';

-- migplan:step build:index:public.orders_total:new
-- undo: build index public.orders_total on the new columns
DROP INDEX CONCURRENTLY public."~orders_total~new";

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step tighten:column:public.orders."~total_cents~new"
-- undo: validate NOT NULL on column public.orders."~total_cents~new"

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step guard:column:public.orders."~total_cents~new"
-- undo: refuse new NULLs in column public.orders."~total_cents~new"
ALTER TABLE public.orders ALTER COLUMN "~total_cents~new" DROP NOT NULL;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step fill:table:public.orders:new
-- undo: fill the new public.orders.total_cents

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step fill:table:public.customers:copy
-- undo: fill the copies of table public.customers

COMMIT;

SET lock_timeout = '2000ms';
SET statement_timeout = '7000ms';

-- migplan:step create:index:public.order_items_product
-- undo: build index public.order_items_product concurrently
DROP INDEX CONCURRENTLY public.order_items_product;
