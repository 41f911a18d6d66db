CREATE COLLATION nd (provider = libc, locale = 'C'); CREATE TABLE t (a text COLLATE nd UNIQUE, d tsvector); CREATE TEXT SEARCH CONFIGURATION en (COPY = english); CREATE INDEX td ON t USING gin (d);
CREATE TEXT SEARCH CONFIGURATION own (COPY = simple);
CREATE FUNCTION words(text) RETURNS tsvector LANGUAGE sql IMMUTABLE AS $$ SELECT to_tsvector('public.own', $1) $$;
CREATE INDEX tw ON t USING gin (words(a));
