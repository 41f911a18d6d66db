CREATE TABLE variable (id int PRIMARY KEY, name text NOT NULL, value text NOT NULL DEFAULT '{}', size bigint NOT NULL -- migplan: backfill 7
);
CREATE INDEX variable_size ON variable (size);
CREATE TABLE in_place (
  id int PRIMARY KEY,
  -- migplan: backfill '7'
  a text NOT NULL
);
