CREATE TABLE t (id text, s int PRIMARY KEY);
CREATE TABLE item (id int, uuid text PRIMARY KEY);
CREATE TABLE held (item text CONSTRAINT held_item REFERENCES item, place int, CONSTRAINT held_pkey PRIMARY KEY (item, place));
