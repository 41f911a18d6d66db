CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL DEFAULT 'none' CONSTRAINT item_name_check CHECK (full_name <> ''),
  -- migplan: renamed-from code
  short_code varchar(40) DEFAULT 'none' CONSTRAINT coded CHECK (short_code <> '')
);
CREATE INDEX item_name ON item (full_name);
COMMENT ON COLUMN item.full_name IS 'what it is called';
GRANT SELECT (full_name) ON item TO PUBLIC;
