CREATE TABLE x (a int, b date); CREATE INDEX x_a ON x (a); CREATE VIEW y AS SELECT a FROM x;

CREATE TABLE keyed (a int, b date, PRIMARY KEY (a, b), UNIQUE (b, a), CHECK (a > 0));
CREATE TABLE refers (a int, b date, FOREIGN KEY (b, a) REFERENCES keyed (b, a));
