CREATE TABLE t (
  id int PRIMARY KEY,
  -- migplan: backfill ''
  name text NOT NULL
);
CREATE TABLE parent (
  id int PRIMARY KEY,
  -- migplan: backfill ''
  name text NOT NULL
);
CREATE TABLE heir () INHERITS (parent);
