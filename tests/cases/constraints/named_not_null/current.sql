CREATE TABLE t (a int NOT NULL, b int); CREATE TABLE ch () INHERITS (t);
CREATE TABLE renamed (id int CONSTRAINT old_name NOT NULL);
