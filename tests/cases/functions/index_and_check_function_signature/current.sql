CREATE FUNCTION n(t text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)'; CREATE TABLE t (a text, CHECK (n(a) <> '')); CREATE INDEX ti ON t (n(a));
