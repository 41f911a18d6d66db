CREATE TABLE t (a text, b text); CREATE INDEX i ON t (a);
