CREATE TABLE link (id int PRIMARY KEY, a int NOT NULL, b int NOT NULL, c int,
  CONSTRAINT link_once UNIQUE (b, c), CONSTRAINT link_positive CHECK (c > 0));
CREATE INDEX link_idx ON link (c);
CREATE UNIQUE INDEX link_unique ON link (a, c);
CREATE TABLE name (id int PRIMARY KEY, a varchar(80), b int, CONSTRAINT name_once UNIQUE (a, b));
CREATE INDEX name_idx ON name (a);
