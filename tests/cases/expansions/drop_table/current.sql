CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE sale (id int PRIMARY KEY, item_id int REFERENCES item);
CREATE VIEW sales AS SELECT * FROM sale;
