CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE INDEX item_name ON item (lower(name));
ALTER TABLE item CLUSTER ON item_pkey;
