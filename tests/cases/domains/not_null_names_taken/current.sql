CREATE DOMAIN amount AS bigint NOT NULL CHECK (VALUE > 0);
CREATE TABLE bills (id int PRIMARY KEY, total amount);
CREATE TABLE a (b_c int NOT NULL);
