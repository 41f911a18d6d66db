CREATE TABLE t (id int PRIMARY KEY, a text NOT NULL, b text CONSTRAINT mine NOT NULL);
CREATE TABLE r (id int PRIMARY KEY, d date);
