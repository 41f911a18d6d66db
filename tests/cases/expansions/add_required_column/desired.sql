CREATE TABLE item (
  id int PRIMARY KEY,
  name text,
  -- migplan: backfill length(name)
  length int NOT NULL
);
