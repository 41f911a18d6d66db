CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from amount
  -- migplan: using Amount::int
  -- migplan: reverse total::text
  total int NOT NULL DEFAULT 0,
  note text
);
