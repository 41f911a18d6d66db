CREATE TABLE item (
  id int PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL DEFAULT 'none' CONSTRAINT item_name_check CHECK (full_name <> ''),
  -- migplan: renamed-from code
  short_code varchar(40) DEFAULT 'none' CONSTRAINT coded CHECK (short_code <> '')
);
CREATE INDEX item_name ON item (full_name);
CREATE TABLE metric (id bigint PRIMARY KEY,
  -- migplan: renamed-from source
  origin text NOT NULL, name varchar(40), CONSTRAINT single UNIQUE (name, origin));
CREATE INDEX metric_source ON metric (id, origin);
COMMENT ON COLUMN item.full_name IS 'what it is called';
GRANT SELECT (full_name) ON item TO PUBLIC;
