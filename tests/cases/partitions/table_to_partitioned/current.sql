CREATE TABLE x (a int, b date); CREATE INDEX x_a ON x (a); CREATE VIEW y AS SELECT a FROM x;

CREATE TABLE keyed (a int, b date, PRIMARY KEY (a, b), UNIQUE (b, a), CHECK (a > 0));
CREATE TABLE refers (a int, b date, FOREIGN KEY (b, a) REFERENCES keyed (b, a));

CREATE TABLE both_ways (a int, b text, UNIQUE (a, b)) PARTITION BY LIST (a);
CREATE TABLE both_ways_1 PARTITION OF both_ways FOR VALUES IN (1);
CREATE TABLE other_way (a int, b text) PARTITION BY LIST (a);
CREATE TABLE other_way_1 PARTITION OF other_way FOR VALUES IN (1);
CREATE UNIQUE INDEX other_way_key ON other_way (a, b);
ALTER TABLE other_way ADD FOREIGN KEY (a, b) REFERENCES both_ways (a, b);
ALTER TABLE both_ways ADD FOREIGN KEY (a, b) REFERENCES other_way (a, b);
