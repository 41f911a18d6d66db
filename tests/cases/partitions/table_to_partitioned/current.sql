CREATE TABLE x (a int, b date); CREATE INDEX x_a ON x (a); CREATE VIEW y AS SELECT a FROM x;
