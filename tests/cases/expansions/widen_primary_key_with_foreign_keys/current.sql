CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE sale (id int PRIMARY KEY, item_id int NOT NULL REFERENCES item);
CREATE INDEX sale_item ON sale (item_id);
