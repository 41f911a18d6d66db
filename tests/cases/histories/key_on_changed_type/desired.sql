CREATE TABLE link (id int NOT NULL, a text, b int NOT NULL, c int,
  CONSTRAINT link_pkey PRIMARY KEY (a, b), CONSTRAINT link_once UNIQUE (a, c), CONSTRAINT link_positive CHECK (length(a) > 0));
CREATE INDEX link_idx ON link (b, a);
CREATE UNIQUE INDEX link_unique ON link (b, c);
CREATE TABLE name (id int PRIMARY KEY, a varchar(255), b int, d int, CONSTRAINT name_once UNIQUE (a, b, d));
CREATE INDEX name_idx ON name (a, d);
