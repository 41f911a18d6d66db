CREATE TYPE ct AS (a int, b int); CREATE TABLE t (c ct, cs ct[]); CREATE FUNCTION f(ct) RETURNS SETOF ct LANGUAGE sql AS 'SELECT $1'; CREATE VIEW v AS SELECT (c).a FROM t; CREATE TYPE outer_t AS (inner_t ct, z int);
-- a child that stores it in its own way
ALTER TABLE t ALTER COLUMN c SET STORAGE EXTERNAL; CREATE TABLE a_child (own int) INHERITS (t); ALTER TABLE a_child ALTER COLUMN c SET STORAGE MAIN;
