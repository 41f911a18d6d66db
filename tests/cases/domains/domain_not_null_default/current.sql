CREATE TABLE dummy (i int);CREATE DOMAIN d AS text; CREATE TABLE t (x d);
