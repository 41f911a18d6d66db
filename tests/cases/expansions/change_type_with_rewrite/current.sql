CREATE TABLE item (id int PRIMARY KEY, name text, amount int NOT NULL DEFAULT 5 CHECK (amount >= 0));
CREATE INDEX item_amount ON item (amount);
CREATE VIEW amounts AS SELECT id, amount FROM item;
GRANT SELECT ON amounts TO PUBLIC;
CREATE TABLE called (id int PRIMARY KEY, a int);
CREATE VIEW of_called AS SELECT a, id FROM called;
