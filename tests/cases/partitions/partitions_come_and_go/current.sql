CREATE TABLE events (id int, kind int NOT NULL, gone text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (10) PARTITION BY LIST (kind);
CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES IN (1);
CREATE TABLE events_1b PARTITION OF events_1 DEFAULT;
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (30);
CREATE INDEX by_kind ON events (kind);
-- one that leaves keeps a column that its parent loses
CREATE TABLE logs (id int NOT NULL, body text NOT NULL, day int) PARTITION BY LIST (day);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
CREATE TABLE logs_2 PARTITION OF logs FOR VALUES IN (2);
INSERT INTO logs SELECT g, 'b', 1 FROM generate_series(1, 20) g;
CREATE TABLE visits (id int, guest int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE visits_gone PARTITION OF visits FOR VALUES IN (1, 2) PARTITION BY LIST (id);
CREATE TABLE visits_guests PARTITION OF visits_gone FOR VALUES IN (1);
CREATE TABLE visits_plain PARTITION OF visits_gone FOR VALUES IN (2);
CREATE TABLE visits_moved PARTITION OF visits FOR VALUES IN (3);
CREATE TABLE stays (id int, guest int NOT NULL) PARTITION BY LIST (id);
