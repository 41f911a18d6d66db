CREATE TABLE equal (id int, b int) PARTITION BY RANGE (id);
ALTER TABLE equal ADD CONSTRAINT zz UNIQUE (id);
ALTER TABLE equal ADD CONSTRAINT aa UNIQUE (id);
CREATE INDEX zi ON equal (b);
CREATE INDEX ai ON equal (b);
CREATE TABLE equal_rest PARTITION OF equal DEFAULT;
ALTER TABLE equal_rest ADD CONSTRAINT mm UNIQUE (id);
CREATE INDEX mi ON equal_rest (b);

CREATE TYPE n AS (a int, b int);
CREATE TABLE p (id int, b n[]) PARTITION BY LIST (id);
CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
CREATE STATISTICS st ON b, id FROM q;
CREATE INDEX i ON q (b);
CREATE MATERIALIZED VIEW mv AS SELECT b FROM q;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE OF b ON q FOR EACH ROW EXECUTE FUNCTION f();

CREATE TABLE gone (id int, b int) PARTITION BY RANGE (id);
ALTER TABLE gone ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
CREATE TABLE gone_rest PARTITION OF gone DEFAULT;

CREATE TABLE outer_part (id int, b int) PARTITION BY HASH (id);
CREATE TABLE middle PARTITION OF outer_part FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY HASH (b);
CREATE TABLE inner_part PARTITION OF middle FOR VALUES WITH (MODULUS 1, REMAINDER 0);

CREATE TABLE keyed (id int UNIQUE, b int) PARTITION BY RANGE (id);
CREATE TABLE keyed_rest PARTITION OF keyed DEFAULT;

-- ATTACH takes the one that was made first
CREATE TABLE twins (id int, a int NOT NULL) PARTITION BY LIST (a);
CREATE UNIQUE INDEX twins_z ON twins (a);
CREATE UNIQUE INDEX twins_a ON twins (a);
ALTER TABLE twins ADD CONSTRAINT twins_n UNIQUE (a, id), ADD CONSTRAINT twins_m UNIQUE (a, id);
CREATE TABLE twins_of_no_parent (id int, a int NOT NULL);
CREATE UNIQUE INDEX alone_z ON twins_of_no_parent (a);
CREATE UNIQUE INDEX alone_a ON twins_of_no_parent (a);

-- a table that is attached has an equal index, older or not, that is to hang on none
CREATE TABLE pair_1 (a int, b int);
CREATE INDEX pair_1_alone ON pair_1 (a, b);
CREATE INDEX pair_1_hangs ON pair_1 (a, b);

-- equal indexes change places while partitions come and go
CREATE TABLE crossed (id int, b int) PARTITION BY LIST (id);
CREATE TABLE crossed_stays PARTITION OF crossed FOR VALUES IN (1);
CREATE TABLE crossed_gone PARTITION OF crossed FOR VALUES IN (2);
CREATE INDEX crossed_z ON ONLY crossed (b);
CREATE INDEX crossed_a ON ONLY crossed (b);
CREATE INDEX stays_1 ON crossed_stays (b);
CREATE INDEX stays_2 ON crossed_stays (b);
CREATE INDEX other_1 ON crossed_gone (b);
CREATE INDEX other_2 ON crossed_gone (b);
ALTER INDEX crossed_z ATTACH PARTITION stays_1;
ALTER INDEX crossed_a ATTACH PARTITION stays_2;
ALTER INDEX crossed_z ATTACH PARTITION other_1;
ALTER INDEX crossed_a ATTACH PARTITION other_2;

-- a partition that leaves keeps a foreign key which its parent changes
CREATE TABLE aimed_at (id int PRIMARY KEY);
CREATE TABLE aims (id int, n int CONSTRAINT aim REFERENCES aimed_at) PARTITION BY LIST (id);
CREATE TABLE aims_stays PARTITION OF aims FOR VALUES IN (1);
CREATE TABLE aims_leaves PARTITION OF aims FOR VALUES IN (2);
