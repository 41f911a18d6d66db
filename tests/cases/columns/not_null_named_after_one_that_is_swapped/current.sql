CREATE TABLE t (id int PRIMARY KEY, country text NOT NULL, a text CONSTRAINT one NOT NULL, b text CONSTRAINT two NOT NULL);
