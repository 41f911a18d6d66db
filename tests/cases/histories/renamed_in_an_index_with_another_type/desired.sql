CREATE TABLE metric (id bigint PRIMARY KEY,
  -- migplan: renamed-from source
  origin text NOT NULL, name varchar(40), CONSTRAINT single UNIQUE (name, origin));
CREATE INDEX metric_source ON metric (id, origin);
