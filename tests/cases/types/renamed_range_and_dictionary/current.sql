CREATE SCHEMA app;
CREATE TYPE span AS RANGE (subtype = int);
CREATE TYPE period_range AS RANGE (subtype = date);
CREATE TYPE told AS RANGE (subtype = text, multirange_type_name = tolds);
CREATE TABLE t (
  id int PRIMARY KEY, s span DEFAULT span(1, 2), m span_multirange DEFAULT span_multirange(span(1, 2)), p period_range, o told
);
CREATE VIEW v AS SELECT span(1, 3) AS x;
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION english_plain (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION english_plain ALTER MAPPING FOR asciiword WITH plain;
CREATE TYPE mood AS ENUM ('good');
CREATE TYPE moods AS (first mood, then_ mood);
CREATE TABLE felt (id int PRIMARY KEY, all_ moods[], last mood);
