CREATE TABLE item (
  id int PRIMARY KEY,
  name text NOT NULL DEFAULT 'none' CHECK (name <> ''),
  code varchar(10) DEFAULT 'none' CONSTRAINT coded CHECK (code <> '')
);
CREATE INDEX item_name ON item (name);
CREATE TABLE metric (id text PRIMARY KEY, source text NOT NULL, name varchar(20), gone text, CONSTRAINT single UNIQUE (name, source));
CREATE INDEX metric_source ON metric (id, source);
CREATE INDEX metric_gone ON metric (gone, source);
COMMENT ON COLUMN item.name IS 'what it is called';
GRANT SELECT (name) ON item TO PUBLIC;
