CREATE TABLE place (id int PRIMARY KEY);
CREATE TABLE event (id int PRIMARY KEY, at date NOT NULL, what text DEFAULT 'x', place int REFERENCES place);
CREATE INDEX event_what ON event (what);
CREATE VIEW events AS SELECT id, what FROM event;
COMMENT ON CONSTRAINT event_place_fkey ON event IS 'where';
