-- Window 1, phase migrate, forwards. Run with: psql -v ON_ERROR_STOP=1 -f w1_2_migrate.up.sql
SET client_min_messages = warning;
SET check_function_bodies = off;
SET row_security = off;

BEGIN;
SET LOCAL lock_timeout = '0';
SET LOCAL statement_timeout = '0';

-- migplan:step fill:column:public.customers.country
-- fill the NULLs of column public.customers.country
-- lock: ROW EXCLUSIVE, reads the whole table; one UPDATE, because the table is small; the application goes on
-- note: the way back leaves the filled values in place
SET LOCAL migplan.sync = 'off';
UPDATE public.customers SET country = 'unknown' WHERE country IS NULL;
SET LOCAL migplan.sync = 'on';

COMMIT;
