CREATE TABLE chain (
  id int PRIMARY KEY,
  -- migplan: renamed-from a
  b text NOT NULL DEFAULT 'none' CONSTRAINT chain_a_check CHECK (b <> ''),
  -- migplan: renamed-from b
  c int,
  CONSTRAINT chain_a_b_key UNIQUE (b, c)
);
CREATE INDEX chain_b ON chain (c);
COMMENT ON COLUMN chain.b IS 'first';
GRANT SELECT (b) ON chain TO PUBLIC;

CREATE TABLE swapped (
  id int PRIMARY KEY,
  -- migplan: renamed-from sent
  due timestamptz NOT NULL DEFAULT '2020-01-01',
  -- migplan: renamed-from due
  sent text
);
CREATE INDEX swapped_sent ON swapped (due);

CREATE TABLE taken (
  id int PRIMARY KEY,
  -- migplan: renamed-from y
  x text NOT NULL
);

CREATE TABLE anew (
  id int PRIMARY KEY,
  -- migplan: renamed-from x
  old_x int NOT NULL,
  x text DEFAULT 'new'
);
CREATE VIEW seen AS SELECT id, old_x AS x FROM anew;
