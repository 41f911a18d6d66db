CREATE TABLE parent (id int);
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
CREATE FOREIGN TABLE f (id int NOT NULL, q int, CONSTRAINT c CHECK (q > 0)) SERVER s;

CREATE TABLE says_more (id int, b boolean, c int NOT NULL);
CREATE TABLE losing (id int, value text);
