CREATE TABLE p (a int, b int, c int NOT NULL UNIQUE, PRIMARY KEY (a, b));
CREATE TABLE c (z int REFERENCES p (c));
