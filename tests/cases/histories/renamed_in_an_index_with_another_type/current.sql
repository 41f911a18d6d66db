CREATE TABLE metric (id text PRIMARY KEY, source text NOT NULL, name varchar(20), gone text, CONSTRAINT single UNIQUE (name, source));
CREATE INDEX metric_source ON metric (id, source);
CREATE INDEX metric_gone ON metric (gone, source);
