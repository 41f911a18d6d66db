CREATE TABLE t (id text, s int PRIMARY KEY);
