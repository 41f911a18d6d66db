CREATE TABLE p (a int NOT NULL, b int NOT NULL, c int PRIMARY KEY);
CREATE TABLE c (z int REFERENCES p);
CREATE TABLE q (b int PRIMARY KEY);
CREATE TABLE d (x int REFERENCES q (b));

CREATE TABLE keys (a int, b int, CONSTRAINT k1 UNIQUE (b), CONSTRAINT k2 UNIQUE (a));
CREATE TABLE user_of_keys (x int, CONSTRAINT f FOREIGN KEY (x) REFERENCES keys (b));

CREATE TABLE wide (id int UNIQUE, part int, PRIMARY KEY (id, part));
CREATE TABLE user_of_wide (wide int REFERENCES wide (id));

CREATE TABLE indexed (a int CONSTRAINT indexed_key PRIMARY KEY, b int);
CREATE TABLE user_of_indexed (x int REFERENCES indexed (a));
