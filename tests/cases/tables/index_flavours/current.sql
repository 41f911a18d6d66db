CREATE TABLE t (a text, b int, c jsonb, d int[]); CREATE INDEX i1 ON t (a);
CREATE TABLE k (a int PRIMARY KEY, b int); CREATE INDEX k1 ON k (b); CREATE INDEX k2 ON k (b, a); ALTER TABLE k CLUSTER ON k2;
CREATE TABLE m (a int PRIMARY KEY, b int); CREATE INDEX m1 ON m (b); ALTER TABLE m CLUSTER ON m1;
