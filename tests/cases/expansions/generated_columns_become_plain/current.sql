CREATE TABLE t (
  id int PRIMARY KEY, first text, last text,
  name text NOT NULL GENERATED ALWAYS AS (coalesce(first, '') || ' ' || coalesce(last, '')) STORED,
  size bigint GENERATED ALWAYS AS (id + tableoid::bigint - tableoid::bigint) STORED
);
CREATE VIEW names AS SELECT id, name FROM t;
CREATE TABLE p (id int, b int, a int GENERATED ALWAYS AS (b * 2) STORED) PARTITION BY RANGE (id);
CREATE TABLE p_0 PARTITION OF p FOR VALUES FROM (0) TO (2000000000);
CREATE TABLE u (b int, a int GENERATED ALWAYS AS (b * 2) STORED);
CREATE TABLE v () INHERITS (u);
