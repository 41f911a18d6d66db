CREATE TABLE item (id bigint PRIMARY KEY, name text);
CREATE TABLE sale (id int PRIMARY KEY, item_id bigint NOT NULL REFERENCES item);
CREATE INDEX sale_item ON sale (item_id);
