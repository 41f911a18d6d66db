CREATE TABLE p (a int, b int) PARTITION BY RANGE (a); CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10);
CREATE TABLE renamed_before (a int, b uuid, c int) PARTITION BY HASH (a);
CREATE TABLE r1 PARTITION OF renamed_before FOR VALUES WITH (MODULUS 1, REMAINDER 0);
-- a column is renamed, and partitions with views and indexes of their own come and go
CREATE TYPE pair AS (x int);
CREATE TABLE c (id uuid, m pair, w int) PARTITION BY LIST (w);
CREATE TABLE c1 PARTITION OF c FOR VALUES IN (1);
CREATE TABLE c2 PARTITION OF c FOR VALUES IN (2);
CREATE VIEW of_c1 AS SELECT m FROM c1;
CREATE MATERIALIZED VIEW rows_of_c1 AS SELECT m, c1 AS whole FROM c1;
CREATE INDEX c1_m ON c1 (m);
-- one leaves with a check that its former parent, made anew, no longer has; one gets its new parent's
CREATE TABLE leaving_from (a int, b text CONSTRAINT k CHECK (b <> 'never')) PARTITION BY LIST (a);
CREATE TABLE leaving PARTITION OF leaving_from FOR VALUES IN (1);
CREATE TABLE moving_from (a int, b text) PARTITION BY HASH (a);
CREATE TABLE moving PARTITION OF moving_from FOR VALUES WITH (MODULUS 2, REMAINDER 1);
