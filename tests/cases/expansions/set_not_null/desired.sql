CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: backfill 'none'
  name text NOT NULL
);
