-- migplan: renamed-from t
CREATE TABLE u (id int PRIMARY KEY,
-- migplan: renamed-from a
c text NOT NULL, b text CONSTRAINT mine NOT NULL, n int DEFAULT 0);
CREATE TABLE r (id int PRIMARY KEY,
-- migplan: renamed-from d
-- migplan: using D - '2000-01-01'::date
-- migplan: reverse '2000-01-01'::date + n
n int);
CREATE TABLE p (
-- migplan: renamed-from a
c int, b int, PRIMARY KEY (c, b)) PARTITION BY RANGE (b);
-- migplan: renamed-from p1
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM (1) TO (5);
-- migplan: renamed-from later
CREATE TABLE latest (id int PRIMARY KEY);
-- migplan: renamed-from get
CREATE FUNCTION found(x int) RETURNS SETOF latest LANGUAGE sql AS 'SELECT 1';
