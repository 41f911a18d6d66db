CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE INDEX item_name ON item (name);
