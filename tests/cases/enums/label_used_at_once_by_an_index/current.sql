CREATE TYPE st AS ENUM ('a', 'c');
CREATE TABLE t (id int PRIMARY KEY, s st NOT NULL DEFAULT 'a');
CREATE INDEX i ON t (id) WHERE s = 'a';
CREATE TABLE leaving (id int PRIMARY KEY, s st NOT NULL DEFAULT 'a');
CREATE INDEX leaving_s ON leaving (s);
