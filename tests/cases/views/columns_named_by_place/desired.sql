CREATE TABLE t (d int, b int, a int, e int);
CREATE TABLE u (k int PRIMARY KEY, a int, l int, UNIQUE (k, a));
CREATE TABLE s (b int, x int, k int);

CREATE VIEW read (k, n) AS SELECT q.k, r.y FROM u q JOIN t r(w, y, x) ON r.x = q.a;
CREATE VIEW written AS SELECT x, z FROM t q(z, y, x);
CREATE VIEW above AS SELECT n FROM read q(m, n);
CREATE MATERIALIZED VIEW stored AS SELECT y + w AS sum FROM t q(w, y, z);
CREATE FUNCTION counted(limited int) RETURNS bigint LANGUAGE sql
  BEGIN ATOMIC SELECT count(x) FROM t q(z, y, x) WHERE z < limited; END;
CREATE FUNCTION called_rows() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
CREATE VIEW called AS SELECT x, z FROM called_rows() f(z, y, x);
CREATE RULE writes AS ON INSERT TO written DO INSTEAD INSERT INTO u SELECT x, z FROM t q(z, y, x, w) WHERE x = new.x;
ALTER TABLE u ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON u USING (EXISTS (SELECT FROM t q(w, y) WHERE q.y = u.k));

CREATE VIEW joined AS SELECT k, a, y FROM u JOIN t w(z, y, a) USING (a);
CREATE VIEW joined_twice AS SELECT s.k, s.b AS z, a FROM t JOIN u USING (a) JOIN s USING (k);
CREATE VIEW joined_fully AS SELECT s.k, s.b AS z, a FROM t FULL JOIN u USING (a) JOIN s ON s.k = t.b;
CREATE VIEW joined_late AS SELECT t.a, s.b AS z FROM t JOIN s ON true JOIN u USING (a);
ALTER TABLE s ADD COLUMN a int;
CREATE VIEW joined_with_namesake AS SELECT s.a AS q, t.b FROM t JOIN u USING (a), s;

CREATE TABLE parent (a int, b int);
CREATE TABLE child (c int, d int) INHERITS (parent);
ALTER TABLE parent ADD COLUMN e int;
CREATE VIEW of_child AS SELECT x, y, z, 1 AS one FROM child q(x, y, z);
CREATE TABLE parted (a int, b int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parted FOR VALUES IN (1);
CREATE VIEW of_part AS SELECT x, y, 1 AS one FROM part q(x, y);
