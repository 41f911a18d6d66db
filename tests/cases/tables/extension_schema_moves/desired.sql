CREATE SCHEMA ext;
CREATE EXTENSION citext SCHEMA ext;
CREATE EXTENSION pg_trgm SCHEMA ext;
SET search_path = public, ext;
CREATE TABLE t (a citext DEFAULT 'y'::citext, b citext[], c text, d citext, CHECK (a <> ''::citext));
CREATE INDEX t_c ON t USING gin (c gin_trgm_ops);
CREATE VIEW v AS SELECT a, similarity(c, 'a') AS alike FROM t;
CREATE FUNCTION f(a citext) RETURNS citext LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE DOMAIN d AS citext CHECK (VALUE <> 'no'::citext);
