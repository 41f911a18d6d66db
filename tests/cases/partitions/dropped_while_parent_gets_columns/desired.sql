CREATE TABLE p (
  id int,
  a int NOT NULL, -- migplan: backfill 1
  c int NOT NULL DEFAULT 3,
  CONSTRAINT k CHECK (c > 0)
) PARTITION BY LIST (id);

CREATE TABLE typed (id int, a varchar(20)) PARTITION BY LIST (id);
CREATE TABLE typed_rest PARTITION OF typed DEFAULT;
CREATE FUNCTION f() RETURNS SETOF typed_rest LANGUAGE sql STABLE AS 'SELECT * FROM typed_rest';
CREATE MATERIALIZED VIEW mv AS SELECT a FROM typed_rest;
CREATE VIEW v AS SELECT a FROM typed_rest;

CREATE TABLE keyed (number serial, tags text);
CREATE TABLE parent (id int, a text);

CREATE TABLE renamed (
  -- migplan: renamed-from id
  number int,
  k text
) PARTITION BY LIST (k);
CREATE TABLE renamed_and_kept PARTITION OF renamed FOR VALUES IN ('2');
CREATE INDEX renamed_and_kept_id ON renamed_and_kept (number);
ALTER TABLE renamed_and_kept ADD CONSTRAINT own_check CHECK (number > 0), ADD CONSTRAINT own_key UNIQUE (number);
CREATE VIEW renamed_view AS SELECT number FROM renamed_and_kept;
CREATE TABLE renamed_and_new PARTITION OF renamed FOR VALUES IN ('3');
CREATE TABLE renamed_and_joined PARTITION OF renamed FOR VALUES IN ('4');


CREATE DOMAIN given AS int CHECK (VALUE > 0);
CREATE TABLE leave (id int, y int, x bigint) PARTITION BY RANGE (y);
CREATE TABLE leave_low PARTITION OF leave FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE left_and_retyped (id int, y int, x bigint);
CREATE TABLE left_as_it_is (id int, y int, x given);
CREATE TABLE left_none PARTITION OF leave_low FOR VALUES FROM (20) TO (30);

CREATE TABLE counted (b int, d text) PARTITION BY LIST (b);
ALTER TABLE counted ALTER d SET STATISTICS 10, ALTER d SET STORAGE EXTERNAL;
CREATE TABLE counted_new PARTITION OF counted FOR VALUES IN (2);

CREATE TABLE numbered (x int, other int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE numbered_new (y int) INHERITS (numbered);
CREATE TABLE numbered_parts (x int, other bigint GENERATED ALWAYS AS IDENTITY) PARTITION BY LIST (x);
CREATE TABLE numbered_part_new PARTITION OF numbered_parts FOR VALUES IN (2);
