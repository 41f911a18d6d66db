CREATE DOMAIN amount AS integer NOT NULL CHECK (VALUE > 0);
CREATE TABLE bills (id int PRIMARY KEY, total amount);
CREATE TABLE a_b (c int NOT NULL);
