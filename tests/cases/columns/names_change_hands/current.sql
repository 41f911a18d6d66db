CREATE TABLE chain (
  id int PRIMARY KEY,
  a text NOT NULL DEFAULT 'none' CHECK (a <> ''),
  b int,
  UNIQUE (a, b)
);
CREATE INDEX chain_b ON chain (b);
COMMENT ON COLUMN chain.a IS 'first';
GRANT SELECT (a) ON chain TO PUBLIC;

CREATE TABLE swapped (
  id int PRIMARY KEY,
  sent timestamptz NOT NULL DEFAULT '2020-01-01',
  due text
);
CREATE INDEX swapped_sent ON swapped (sent);

-- x goes, y is called so.
CREATE TABLE taken (
  id int PRIMARY KEY,
  x int NOT NULL,
  y text NOT NULL
);
CREATE INDEX taken_x ON taken (x);

-- x takes another name, and another column comes as x.
CREATE TABLE anew (
  id int PRIMARY KEY,
  x int NOT NULL
);
CREATE VIEW seen AS SELECT id, x FROM anew;
