CREATE TABLE booked (id int PRIMARY KEY, room int, free text, EXCLUDE USING btree (room WITH =) WITH (fillfactor = 50) WHERE (free IS NULL));
CREATE TABLE kept (id int, EXCLUDE USING hash (id WITH =) WITH (fillfactor = 60) DEFERRABLE INITIALLY DEFERRED);
