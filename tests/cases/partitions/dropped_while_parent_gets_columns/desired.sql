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
