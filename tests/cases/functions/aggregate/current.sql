CREATE FUNCTION sf(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1,0)+coalesce($2,0)'; CREATE TABLE t (a int, g int);
