CREATE TABLE t (
  id int PRIMARY KEY,
  -- migplan: renamed-from first
  given text,
  name text NOT NULL DEFAULT '?',
  size bigint
);
CREATE VIEW names AS SELECT id, name FROM t;
CREATE TABLE p (id int, b int, a int) PARTITION BY RANGE (id);
CREATE TABLE p_0 PARTITION OF p FOR VALUES FROM (0) TO (2000000000);
CREATE TABLE u (b int, a int);
CREATE TABLE v () INHERITS (u);
