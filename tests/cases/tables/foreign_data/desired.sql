CREATE EXTENSION postgres_fdw; CREATE SERVER srv FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host 'h', dbname 'd'); CREATE USER MAPPING FOR PUBLIC SERVER srv OPTIONS (user 'x'); CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'b'), c text NOT NULL) SERVER srv OPTIONS (table_name 'q'); CREATE VIEW fv AS SELECT a FROM ft;
CREATE FOREIGN DATA WRAPPER nobody;
CREATE SERVER nowhere FOREIGN DATA WRAPPER nobody;
CREATE TABLE above (id bigint, n int, b int NOT NULL DEFAULT 1, c int, CHECK (c > 0));
CREATE FOREIGN TABLE heir (x int) INHERITS (above) SERVER nowhere;
CREATE TABLE parted (id bigint, k int, b int NOT NULL DEFAULT 1) PARTITION BY LIST (k);
CREATE FOREIGN TABLE part PARTITION OF parted FOR VALUES IN (1) SERVER nowhere;
