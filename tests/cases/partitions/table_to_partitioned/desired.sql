CREATE TABLE x (a int, b date) PARTITION BY RANGE (b); CREATE TABLE x_1 PARTITION OF x DEFAULT; CREATE INDEX x_a ON x (a); CREATE VIEW y AS SELECT a FROM x;

CREATE TABLE keyed (a int, b date, PRIMARY KEY (a, b), UNIQUE (b, a), CHECK (a > 0)) PARTITION BY RANGE (b);
CREATE TABLE keyed_1 PARTITION OF keyed DEFAULT;
COMMENT ON CONSTRAINT keyed_a_check ON keyed IS 'positive';
CREATE TABLE refers (a int, b date, FOREIGN KEY (b, a) REFERENCES keyed (b, a));

CREATE TABLE both_ways (a int, b text, UNIQUE (a, b));
CREATE TABLE other_way (a int, b text);
CREATE UNIQUE INDEX other_way_key ON other_way (a, b);
ALTER TABLE other_way ADD FOREIGN KEY (a, b) REFERENCES both_ways (a, b);
ALTER TABLE both_ways ADD FOREIGN KEY (a, b) REFERENCES other_way (a, b);
