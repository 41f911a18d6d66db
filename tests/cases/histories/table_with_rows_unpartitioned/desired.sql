CREATE TABLE event (id int PRIMARY KEY, at date NOT NULL, what text DEFAULT 'x');
CREATE INDEX event_what ON event (what);
CREATE VIEW events AS SELECT id, what FROM event;
