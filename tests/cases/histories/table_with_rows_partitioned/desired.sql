CREATE TABLE event (
  id int, at date NOT NULL, what text DEFAULT 'x',
  kind text NOT NULL, -- migplan: backfill 'old'
  PRIMARY KEY (id, at, what)
) PARTITION BY RANGE (at);
CREATE TABLE event_2020 PARTITION OF event FOR VALUES FROM ('2020-01-01') TO ('2021-01-01') PARTITION BY LIST (what);
CREATE TABLE event_2020_x PARTITION OF event_2020 FOR VALUES IN ('x');
CREATE TABLE event_2020_y PARTITION OF event_2020 FOR VALUES IN ('y');
CREATE TABLE event_rest PARTITION OF event DEFAULT;
CREATE INDEX event_what ON event (what);
CREATE VIEW events AS SELECT id, what FROM event;
