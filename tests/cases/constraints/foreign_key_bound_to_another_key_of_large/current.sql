CREATE TABLE p (a int, b int, c int NOT NULL UNIQUE, PRIMARY KEY (a, b));
CREATE TABLE c (z int REFERENCES p (c));
CREATE TABLE q (b int NOT NULL UNIQUE);
CREATE TABLE d (x int REFERENCES q (b));

CREATE TABLE keys (a int, b int, CONSTRAINT k1 UNIQUE (a), CONSTRAINT k2 UNIQUE (b));
CREATE TABLE user_of_keys (x int, CONSTRAINT f FOREIGN KEY (x) REFERENCES keys (a));

CREATE TABLE wide (id int PRIMARY KEY, part int NOT NULL);
CREATE TABLE user_of_wide (wide int REFERENCES wide);

CREATE TABLE indexed (a int, b int);
CREATE UNIQUE INDEX indexed_key ON indexed (a);
CREATE TABLE user_of_indexed (x int REFERENCES indexed (a));
