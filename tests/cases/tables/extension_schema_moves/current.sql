CREATE EXTENSION citext;
CREATE EXTENSION pg_trgm;
CREATE TABLE t (a citext DEFAULT 'x'::citext, b citext[], c text, CHECK (a <> ''::citext));
CREATE INDEX t_c ON t USING gin (c gin_trgm_ops);
CREATE VIEW v AS SELECT a, similarity(c, 'a') AS alike FROM t;
CREATE FUNCTION f(a citext) RETURNS citext LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE FUNCTION g(a citext) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1::text';
CREATE DOMAIN d AS citext CHECK (VALUE <> 'no'::citext);
