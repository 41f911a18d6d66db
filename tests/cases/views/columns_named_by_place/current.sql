CREATE TABLE t (a int, b int, c int, d int);
CREATE TABLE u (k int PRIMARY KEY, a int, UNIQUE (k, a));
CREATE TABLE s (k int, x int, z int);

CREATE VIEW read (k, n) AS SELECT q.k, r.y FROM u q JOIN t r(x, y, z, w) ON r.x = q.a;
CREATE VIEW written AS SELECT x, z FROM t q(x, y, z);
CREATE VIEW above AS SELECT n FROM read q(m, n);
CREATE MATERIALIZED VIEW stored AS SELECT y + w AS sum FROM t q(x, y, z, w);
CREATE FUNCTION counted(limited int) RETURNS bigint LANGUAGE sql
  BEGIN ATOMIC SELECT count(x) FROM t q(x, y, z) WHERE z < limited; END;
CREATE FUNCTION called_rows() RETURNS SETOF t LANGUAGE sql AS 'SELECT * FROM t';
CREATE VIEW called AS SELECT x, z FROM called_rows() f(x, y, z);
CREATE RULE writes AS ON INSERT TO written DO INSTEAD INSERT INTO u SELECT x, z FROM t q(x, y, z, w) WHERE x = new.x;
ALTER TABLE u ENABLE ROW LEVEL SECURITY;
CREATE POLICY reads ON u USING (EXISTS (SELECT FROM t q(x, y) WHERE q.y = u.k));

CREATE VIEW joined AS SELECT k, a, y FROM u JOIN t w(a, y, z) USING (a);
CREATE VIEW joined_twice AS SELECT s.k, z, a FROM t JOIN u USING (a) JOIN s USING (k);
CREATE VIEW joined_fully AS SELECT s.k, z, a FROM t FULL JOIN u USING (a) JOIN s ON s.k = b;
CREATE VIEW joined_late AS SELECT t.a, s.z FROM t JOIN s ON true JOIN u USING (a);
-- From here on PostgreSQL itself gives s.a another name in these.
ALTER TABLE s ADD COLUMN a int;
CREATE VIEW joined_with_namesake AS SELECT s.a AS q, b FROM t JOIN u USING (a), s;

-- Made anew, these would have their columns in another order.
CREATE TABLE parent (a int, b int);
CREATE TABLE child (c int, d int) INHERITS (parent);
ALTER TABLE parent ADD COLUMN e int;
CREATE VIEW of_child AS SELECT x, y, z FROM child q(x, y, z);
CREATE TABLE parted (a int, b int) PARTITION BY LIST (a);
CREATE TABLE part (b int, a int);
ALTER TABLE parted ATTACH PARTITION part FOR VALUES IN (1);
CREATE VIEW of_part AS SELECT x, y FROM part q(y, x);
