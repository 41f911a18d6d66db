CREATE TABLE item (id int NOT NULL, code text PRIMARY KEY, note text);
ALTER TABLE item ADD CONSTRAINT item_id_key UNIQUE (id);
