CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from amount
  -- migplan: using Amount::int
  -- migplan: reverse total::text
  total int NOT NULL DEFAULT 0,
  note text
);
CREATE TABLE message (id int PRIMARY KEY, body bytea NOT NULL, packed jsonb, tags bytea);
