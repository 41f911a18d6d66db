CREATE TABLE t (a int, b int, c int);
CREATE TABLE u (a int, k int);
CREATE VIEW v AS SELECT al.p, al.r FROM (t JOIN u USING (a)) AS al(p, q, r);
