CREATE DOMAIN code AS text NOT NULL;
CREATE DOMAIN number AS int NOT NULL;
CREATE TABLE t (id int PRIMARY KEY, c code, d code);
