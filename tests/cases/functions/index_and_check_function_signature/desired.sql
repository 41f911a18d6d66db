CREATE FUNCTION n(v text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)'; CREATE TABLE t (a text, CHECK (n(a) <> '')); CREATE INDEX ti ON t (n(a));
