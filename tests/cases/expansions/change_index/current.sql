CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE INDEX item_name ON item (name);
CREATE INDEX item_both ON item (name, id);
ALTER TABLE item CLUSTER ON item_name;
