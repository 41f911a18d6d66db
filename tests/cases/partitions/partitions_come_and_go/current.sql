CREATE TABLE events (id int, kind int NOT NULL, gone text NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE events_1 PARTITION OF events FOR VALUES FROM (1) TO (10) PARTITION BY LIST (kind);
CREATE TABLE events_1a PARTITION OF events_1 FOR VALUES IN (1);
CREATE TABLE events_1b PARTITION OF events_1 DEFAULT;
CREATE TABLE events_2 PARTITION OF events FOR VALUES FROM (10) TO (20);
CREATE TABLE events_3 PARTITION OF events FOR VALUES FROM (20) TO (30);
CREATE TABLE events_9 PARTITION OF events FOR VALUES FROM (90) TO (99) PARTITION BY LIST (kind);
CREATE TABLE events_9x PARTITION OF events_9 FOR VALUES IN (1) PARTITION BY LIST (gone);
CREATE TABLE events_9xy PARTITION OF events_9x DEFAULT;
CREATE INDEX by_kind ON events (kind);
CREATE INDEX by_id ON events (id);
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
CREATE TABLE summed (id int, twice int GENERATED ALWAYS AS (id * 2) STORED) PARTITION BY LIST (id);
CREATE TABLE summed_1 PARTITION OF summed FOR VALUES IN (1);
-- the triggers of a partition that goes and of one that comes fire at other times than their table's
CREATE FUNCTION as_is() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER summed_kept BEFORE UPDATE ON summed FOR EACH ROW EXECUTE FUNCTION as_is();
ALTER TABLE ONLY summed_1 DISABLE TRIGGER summed_kept;
-- the rows stay as they are, but every index of a partition is built again
CREATE TABLE named (id int, name varchar(10)) PARTITION BY LIST (id);
CREATE TABLE named_1 PARTITION OF named FOR VALUES IN (1);
CREATE INDEX by_name ON named (name);
