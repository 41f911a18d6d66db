CREATE TABLE item (id int PRIMARY KEY, note text, name text NOT NULL);
CREATE VIEW names AS SELECT id, name FROM item;
