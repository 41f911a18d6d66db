CREATE SCHEMA app;
-- migplan: renamed-from public.span
CREATE TYPE app.stretch AS RANGE (subtype = int);
-- migplan: renamed-from period_range
CREATE TYPE time_range AS RANGE (subtype = date);
-- migplan: renamed-from told
CREATE TYPE said AS RANGE (subtype = text, multirange_type_name = sayings);
CREATE TABLE t (
  id int PRIMARY KEY,
  s app.stretch DEFAULT app.stretch(1, 2),
  m app.stretch_multirange DEFAULT app.stretch_multirange(app.stretch(1, 2)),
  p time_range,
  o said
);
CREATE VIEW v AS SELECT app.stretch(1, 3) AS x;
-- migplan: renamed-from public.plain
CREATE TEXT SEARCH DICTIONARY app.easy (TEMPLATE = pg_catalog.simple);
CREATE TEXT SEARCH CONFIGURATION english_plain (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION english_plain ALTER MAPPING FOR asciiword WITH app.easy;
-- migplan: renamed-from mood
CREATE TYPE feeling AS ENUM ('good', 'better');
CREATE TYPE moods AS (first feeling, then_ feeling);
CREATE TABLE felt (id int PRIMARY KEY, all_ moods[], last feeling);
