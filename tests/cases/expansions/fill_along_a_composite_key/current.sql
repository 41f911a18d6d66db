CREATE TYPE comp AS (x int, y text);
CREATE SCHEMA o;
CREATE FUNCTION o.ceq(comp, comp) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT ($1).x = ($2).x';
CREATE OPERATOR o.= (LEFTARG = comp, RIGHTARG = comp, FUNCTION = o.ceq);
CREATE TABLE t (id comp PRIMARY KEY, a int);
CREATE TABLE u (id int PRIMARY KEY, t comp REFERENCES t);
