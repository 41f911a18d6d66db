CREATE TABLE t (a int, b int, c text); CREATE STATISTICS s ON a, b FROM t;
CREATE TABLE typed (a int, b int);
CREATE STATISTICS targeted ON a, b FROM typed;
ALTER STATISTICS targeted SET STATISTICS 50;
CREATE INDEX typed_sum ON typed ((a IS NULL)); ALTER INDEX typed_sum ALTER COLUMN 1 SET STATISTICS 70;
