CREATE EXTENSION postgres_fdw;
-- heirs
CREATE FOREIGN DATA WRAPPER nobody;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nobody;
CREATE TABLE above (id int, gone int, n int NOT NULL, CHECK (gone > 0));
CREATE FOREIGN TABLE heir (x int) INHERITS (above) SERVER nowhere;
CREATE TABLE parted (id int, k int, gone int) PARTITION BY LIST (k);
CREATE FOREIGN TABLE part PARTITION OF parted FOR VALUES IN (1) SERVER nowhere;
