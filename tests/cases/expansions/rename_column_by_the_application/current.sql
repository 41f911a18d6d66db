CREATE TABLE item (
  id int PRIMARY KEY,
  name text NOT NULL DEFAULT 'none' CHECK (name <> ''),
  CONSTRAINT item_key UNIQUE (name, id)
);
CREATE INDEX item_name ON item (name);
COMMENT ON COLUMN item.name IS 'what it is called';
GRANT SELECT (name) ON item TO PUBLIC;
CREATE TABLE box (id int PRIMARY KEY);
