-- Window 0, phase expand, back to the state before this phase. Run with: psql -v ON_ERROR_STOP=1 -f w0_1_expand.down.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step stage:table:public.orders:new
-- undo: add the new public.orders.total_cents under a temporary name, kept in step by a trigger
DROP TRIGGER "~migplan_sync" ON public.orders;
DROP FUNCTION public."~orders~sync"();
ALTER TABLE public.orders DROP COLUMN "~total_cents~new";

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step copy:table:public.customers
-- undo: copy table public.customers: name as full_name, kept in step by a trigger
DROP TRIGGER "~migplan_sync" ON public.customers;
DROP FUNCTION public."~customers~sync"();
ALTER TABLE public.customers DROP COLUMN full_name;

-- migplan:step create:policy:public.customers.customers_see_themselves
-- undo: create policy public.customers.customers_see_themselves
DROP POLICY customers_see_themselves ON public.customers;

COMMIT;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '0';

-- migplan:step alter:enum:public.order_status
-- undo: alter enum public.order_status: labels
ALTER TABLE ONLY public.orders ALTER COLUMN status DROP DEFAULT;
ALTER TYPE public.order_status RENAME TO "~order_status~old";
CREATE TYPE public.order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');
ALTER TABLE public.orders ALTER COLUMN status TYPE public.order_status USING status::text::public.order_status;
DROP TYPE public."~order_status~old";
ALTER TABLE ONLY public.orders ALTER COLUMN status SET DEFAULT 'new'::public.order_status;

COMMIT;
