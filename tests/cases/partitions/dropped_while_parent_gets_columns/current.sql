CREATE TABLE p (id int, a int, d int NOT NULL DEFAULT 2) PARTITION BY LIST (id);
CREATE TABLE q PARTITION OF p FOR VALUES IN (1);
CREATE TABLE q2 PARTITION OF p FOR VALUES IN (2) PARTITION BY LIST (a);
CREATE TABLE q3 PARTITION OF q2 DEFAULT;
COMMENT ON COLUMN q.a IS 'a of q';

CREATE TABLE typed (id int, a int) PARTITION BY LIST (id);
CREATE TABLE typed_rest PARTITION OF typed DEFAULT;
CREATE FUNCTION f() RETURNS SETOF typed_rest LANGUAGE sql STABLE AS 'SELECT * FROM typed_rest';
CREATE MATERIALIZED VIEW mv AS SELECT a FROM typed_rest;
CREATE VIEW v AS SELECT a FROM typed_rest;

CREATE TABLE keyed (id int NOT NULL, tags text[], CONSTRAINT keyed_key UNIQUE (id));
CREATE TABLE parent (id int, a text);
CREATE TABLE child (z int) INHERITS (parent);
ALTER TABLE child ALTER a SET DEFAULT 'x', ALTER id SET DEFAULT 5;

CREATE TABLE renamed (id int, k text) PARTITION BY LIST (k);
CREATE TABLE renamed_and_dropped PARTITION OF renamed FOR VALUES IN ('1') PARTITION BY LIST (k);
CREATE TABLE dropped_below PARTITION OF renamed_and_dropped FOR VALUES IN ('1');
ALTER TABLE dropped_below ADD CONSTRAINT dropped_below_key UNIQUE (id);
CREATE TABLE renamed_and_kept PARTITION OF renamed FOR VALUES IN ('2');
CREATE INDEX renamed_and_kept_id ON renamed_and_kept (id);
CREATE TABLE renamed_and_joined (number int, k text);


CREATE DOMAIN given AS int CHECK (VALUE > 0);
CREATE TABLE leave (id int, y int, x given) PARTITION BY RANGE (y);
CREATE TABLE leave_low PARTITION OF leave FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE left_and_retyped PARTITION OF leave_low FOR VALUES FROM (0) TO (10);
CREATE TABLE left_as_it_is PARTITION OF leave_low FOR VALUES FROM (10) TO (20);
CREATE TABLE left_none PARTITION OF leave_low FOR VALUES FROM (20) TO (30);

CREATE TABLE counted (id int NOT NULL, b int) PARTITION BY LIST (b);
ALTER TABLE counted ALTER id SET STATISTICS 0, ALTER id SET (n_distinct = 5);
CREATE TABLE counted_gone PARTITION OF counted FOR VALUES IN (3);
