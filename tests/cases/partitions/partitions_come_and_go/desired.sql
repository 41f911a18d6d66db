CREATE TABLE events (id int NOT NULL, kind int NOT NULL, note text NOT NULL DEFAULT 'x', PRIMARY KEY (id, kind))
  PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (10) PARTITION BY LIST (kind);
CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES IN (1);
CREATE TABLE events_1c PARTITION OF events_1 DEFAULT;
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (30);
CREATE TABLE events_4 PARTITION OF events FOR VALUES FROM (15) TO (20);
CREATE TABLE events_5 PARTITION OF events FOR VALUES FROM (30) TO (40);
CREATE INDEX by_kind ON events (kind, note);
CREATE INDEX by_id ON events (id);
CREATE TABLE logs (id int NOT NULL, day int) PARTITION BY LIST (day);
CREATE TABLE logs_1 (id int NOT NULL, body text NOT NULL, day int);
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES IN (2);
CREATE TABLE visits (id int) PARTITION BY LIST (id);
CREATE TABLE visits_guests (id int, guest int NOT NULL);
CREATE TABLE visits_plain (id int);
CREATE TABLE stays (id int, guest int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE visits_moved PARTITION OF stays FOR VALUES IN (3);
