CREATE SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION pg_trgm; CREATE TABLE t (a text, h ext.hstore); CREATE INDEX ON t USING gin (a gin_trgm_ops);
