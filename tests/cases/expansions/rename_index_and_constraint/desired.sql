CREATE TABLE item (id int PRIMARY KEY, name text,
  -- migplan: renamed-from filled
  CONSTRAINT name_filled CHECK (name <> ''));
-- migplan: renamed-from by_name
CREATE INDEX item_name ON item (name);
