CREATE TABLE t (a int, b int GENERATED ALWAYS AS (a + 1) STORED);
-- its expression can't be set: a check, a publication
CREATE TABLE checked (a int CHECK (a > 0), b int GENERATED ALWAYS AS (a + 1) VIRTUAL, CONSTRAINT of_b CHECK (b > 1)) PARTITION BY RANGE (a);
CREATE TABLE checked_1 PARTITION OF checked FOR VALUES FROM (1) TO (10);
CREATE VIEW reader AS SELECT a, b FROM checked;
CREATE TABLE published (a int PRIMARY KEY, b int GENERATED ALWAYS AS (a + 1) VIRTUAL NOT NULL);
CREATE PUBLICATION pub FOR TABLE published;
CREATE TABLE plain (a int, b int GENERATED ALWAYS AS (a + 1) VIRTUAL);
