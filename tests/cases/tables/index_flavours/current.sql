CREATE TABLE t (a text, b int, c jsonb, d int[]); CREATE INDEX i1 ON t (a);
