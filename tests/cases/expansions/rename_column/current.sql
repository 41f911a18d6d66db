CREATE TABLE item (
  id int PRIMARY KEY,
  name text NOT NULL DEFAULT 'none' CHECK (name <> ''),
  code varchar(10) DEFAULT 'none' CONSTRAINT coded CHECK (code <> '')
);
CREATE INDEX item_name ON item (name);
COMMENT ON COLUMN item.name IS 'what it is called';
GRANT SELECT (name) ON item TO PUBLIC;
