CREATE SCHEMA s; CREATE TABLE s.t (a int, b int); CREATE SEQUENCE s.q; CREATE TYPE s.e AS ENUM ('x'); CREATE DOMAIN s.d AS int; CREATE FUNCTION s.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE PROCEDURE s.p() LANGUAGE sql AS 'SELECT';

-- between a table and its columns
CREATE TABLE s.w (a int, b int); GRANT SELECT, INSERT (b) ON s.w TO reader; GRANT SELECT (a), UPDATE (b) ON s.w TO writer;
