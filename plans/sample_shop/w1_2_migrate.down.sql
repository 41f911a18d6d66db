-- Window 1, phase migrate, back to the state before this phase. Run with: psql -v ON_ERROR_STOP=1 -f w1_2_migrate.down.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

BEGIN;
SET LOCAL lock_timeout = '2000ms';
SET LOCAL statement_timeout = '7000ms';

-- migplan:step fill:column:public.customers.country
-- undo: fill the NULLs of column public.customers.country

COMMIT;
