CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL DEFAULT 'none' CONSTRAINT item_name_check CHECK (full_name <> ''),
  CONSTRAINT item_key UNIQUE (full_name, id)
);
CREATE INDEX item_name ON item (full_name);
COMMENT ON COLUMN item.full_name IS 'what it is called';
GRANT SELECT (full_name) ON item TO PUBLIC;
CREATE TABLE box (
  -- migplan: renamed-from id
  number int CONSTRAINT box_pkey PRIMARY KEY
);
