CREATE TABLE place (name text PRIMARY KEY);
CREATE SEQUENCE event_number_seq;
CREATE TABLE event (
  id bigint GENERATED ALWAYS AS IDENTITY,
  day date NOT NULL DEFAULT '2026-03-01',
  number int NOT NULL DEFAULT nextval('event_number_seq'),
  name text COLLATE "C" CONSTRAINT named CHECK (name <> ''),
  place text REFERENCES place ON UPDATE CASCADE,
  upper_name text GENERATED ALWAYS AS (upper(name)) STORED,
  before bigint,
  before_day date,
  region text,
  PRIMARY KEY (id, day),
  CONSTRAINT follows FOREIGN KEY (before, before_day) REFERENCES event ON DELETE SET NULL,
  CONSTRAINT numbers UNIQUE (number, day, id) DEFERRABLE
) PARTITION BY RANGE (day);
CREATE TABLE event_early PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2026-05-01');
CREATE TABLE event_late PARTITION OF event FOR VALUES FROM ('2026-05-01') TO (MAXVALUE) PARTITION BY HASH (id);
CREATE TABLE event_late_here PARTITION OF event_late FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER SEQUENCE event_number_seq OWNED BY event.number;
CREATE INDEX event_name ON event (name) WHERE name IS NOT NULL;
CREATE UNIQUE INDEX event_place ON event (place, id, day);
CREATE STATISTICS event_days (dependencies) ON day, name FROM event;
COMMENT ON TABLE event IS 'what happened';
COMMENT ON COLUMN event.name IS 'in short';
COMMENT ON INDEX event_name IS 'by name';
ALTER TABLE event REPLICA IDENTITY USING INDEX event_pkey;
ALTER TABLE event ENABLE ROW LEVEL SECURITY;
ALTER TABLE event FORCE ROW LEVEL SECURITY;
CREATE RULE nothing AS ON DELETE TO event WHERE OLD.number = -1 DO INSTEAD NOTHING;
GRANT UPDATE (name) ON event TO clerk;
CREATE POLICY everybody ON event USING (true) WITH CHECK (name IS NULL OR name <> 'secret');
GRANT SELECT, INSERT ON event TO clerk;
CREATE TABLE note (
  id int PRIMARY KEY,
  event bigint,
  day date,
  CONSTRAINT of_event FOREIGN KEY (event, day) REFERENCES event ON DELETE CASCADE
);
CREATE VIEW names AS SELECT id, name FROM event;
CREATE VIEW some_names AS SELECT id, name FROM names WHERE name > 'a';
GRANT SELECT ON some_names TO clerk;
CREATE MATERIALIZED VIEW by_day AS SELECT day, count(*) FROM event GROUP BY day;
CREATE FUNCTION first_event() RETURNS event LANGUAGE sql STABLE AS 'SELECT * FROM event ORDER BY id LIMIT 1';
CREATE FUNCTION last_name() RETURNS text LANGUAGE plpgsql STABLE AS
$$ DECLARE found event; BEGIN SELECT * INTO found FROM event ORDER BY id DESC LIMIT 1; RETURN found.name; END $$;
CREATE FUNCTION mark() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.name := coalesce(NEW.name, 'none'); RETURN NEW; END $$;
CREATE TRIGGER mark BEFORE INSERT ON event FOR EACH ROW EXECUTE FUNCTION mark();
CREATE PUBLICATION changes FOR TABLE event, note;
CREATE TRIGGER later AFTER UPDATE ON event REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION mark();
ALTER TABLE event DISABLE TRIGGER later;
CREATE TABLE late (id int PRIMARY KEY, event bigint, day date);
ALTER TABLE late ADD CONSTRAINT late_event FOREIGN KEY (event, day) REFERENCES event NOT VALID;
