CREATE TYPE st AS ENUM ('a', 'b');
CREATE TABLE t (id int, s st DEFAULT 'a', arr st[]); CREATE VIEW v AS SELECT s, arr FROM t; CREATE FUNCTION f(st) RETURNS st[] LANGUAGE sql AS 'SELECT ARRAY[$1]';
