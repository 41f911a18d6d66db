CREATE TYPE st AS ENUM ('a', 'b', 'c');
CREATE TABLE t (id int PRIMARY KEY, s st NOT NULL DEFAULT 'b');
CREATE INDEX i ON t (id) WHERE s = 'b';
CREATE TABLE leaving (id int PRIMARY KEY, s text NOT NULL DEFAULT 'a');
CREATE INDEX leaving_s ON leaving (s);
