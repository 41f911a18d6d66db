CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE t (id int, v text);
CREATE INDEX i ON t USING hash (v);
