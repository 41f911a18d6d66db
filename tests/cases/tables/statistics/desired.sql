CREATE TABLE t (a int, b int, c text); CREATE STATISTICS s (dependencies) ON a, b, (lower(c)) FROM t; ALTER STATISTICS s SET STATISTICS 50; COMMENT ON STATISTICS s IS 'st';
CREATE TABLE typed (a text, b int);
CREATE STATISTICS targeted ON a, b FROM typed;
ALTER STATISTICS targeted SET STATISTICS 50;
