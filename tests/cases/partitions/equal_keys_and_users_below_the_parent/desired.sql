CREATE TYPE n AS ENUM ('a');
CREATE TABLE p (id int, b n[]) PARTITION BY LIST (id);
CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
CREATE STATISTICS st ON b, id FROM q;
CREATE INDEX i ON q (b);
CREATE MATERIALIZED VIEW mv AS SELECT b FROM q;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE OF b ON q FOR EACH ROW EXECUTE FUNCTION f();

CREATE TABLE outer_part (id int, b int) PARTITION BY HASH (id);
-- migplan: renamed-from public.middle
CREATE TABLE inner_part PARTITION OF outer_part FOR VALUES WITH (MODULUS 1, REMAINDER 0) PARTITION BY HASH (b);
-- migplan: renamed-from public.inner_part
CREATE TABLE middle PARTITION OF inner_part FOR VALUES WITH (MODULUS 1, REMAINDER 0);


CREATE TABLE keyed (
  -- migplan: renamed-from id
  number int CONSTRAINT keyed_id_key UNIQUE, b int) PARTITION BY RANGE (number);
CREATE TABLE keyed_rest PARTITION OF keyed DEFAULT;

-- the partition's own comes behind the parent's, which would take it for its part
CREATE TABLE target (id int PRIMARY KEY);
CREATE TABLE referring (id int, n int) PARTITION BY LIST (id);
CREATE TABLE referring_1 PARTITION OF referring FOR VALUES IN (1);
ALTER TABLE referring ADD CONSTRAINT referring_z FOREIGN KEY (n) REFERENCES target (id);
ALTER TABLE referring_1 ADD CONSTRAINT referring_a FOREIGN KEY (n) REFERENCES target (id);

CREATE TABLE twins (id int, a int NOT NULL) PARTITION BY LIST (a);
CREATE UNIQUE INDEX twins_a ON twins (a);
CREATE UNIQUE INDEX twins_z ON twins (a);
ALTER TABLE twins ADD CONSTRAINT twins_m UNIQUE (a, id), ADD CONSTRAINT twins_n UNIQUE (a, id);
CREATE TABLE twins_some PARTITION OF twins FOR VALUES IN (1, 2) PARTITION BY LIST (a);
CREATE TABLE twins_one PARTITION OF twins_some FOR VALUES IN (1);
CREATE TABLE twins_of_no_parent (id int, a int NOT NULL);
CREATE UNIQUE INDEX alone_a ON twins_of_no_parent (a);
CREATE UNIQUE INDEX alone_z ON twins_of_no_parent (a);
ALTER TABLE twins ATTACH PARTITION twins_of_no_parent FOR VALUES IN (3);

CREATE TABLE pair_1 (a int, b int);
CREATE INDEX pair_1_alone ON pair_1 (a, b);
CREATE TABLE pair (a int, b int) PARTITION BY RANGE (a);
ALTER TABLE pair ATTACH PARTITION pair_1 FOR VALUES FROM (0) TO (10);
CREATE INDEX pair_idx ON ONLY pair (a, b);
CREATE INDEX pair_1_hangs ON pair_1 (a, b);
ALTER INDEX pair_idx ATTACH PARTITION pair_1_hangs;

CREATE TABLE crossed (id int, b int) PARTITION BY LIST (id);
CREATE TABLE crossed_stays PARTITION OF crossed FOR VALUES IN (1);
CREATE TABLE crossed_new PARTITION OF crossed FOR VALUES IN (3);
CREATE INDEX crossed_z ON ONLY crossed (b);
CREATE INDEX crossed_a ON ONLY crossed (b);
CREATE INDEX stays_1 ON crossed_stays (b);
CREATE INDEX stays_2 ON crossed_stays (b);
CREATE INDEX other_1 ON crossed_new (b);
CREATE INDEX other_2 ON crossed_new (b);
ALTER INDEX crossed_z ATTACH PARTITION stays_2;
ALTER INDEX crossed_a ATTACH PARTITION stays_1;
ALTER INDEX crossed_z ATTACH PARTITION other_1;
ALTER INDEX crossed_a ATTACH PARTITION other_2;

CREATE TABLE aimed_at (id int PRIMARY KEY);
CREATE TABLE aims (id int, n int CONSTRAINT aim REFERENCES aimed_at ON DELETE CASCADE) PARTITION BY LIST (id);
CREATE TABLE aims_stays PARTITION OF aims FOR VALUES IN (1);
CREATE TABLE aims_leaves (id int, n int CONSTRAINT aim REFERENCES aimed_at);
