CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE VIEW things AS SELECT id, name FROM item;
