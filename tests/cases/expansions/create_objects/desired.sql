CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'sold');
CREATE SEQUENCE shop.numbers;
CREATE TABLE shop.sale (id bigint PRIMARY KEY DEFAULT nextval('shop.numbers'), item_id int NOT NULL REFERENCES item, state shop.state NOT NULL DEFAULT 'new');
CREATE INDEX sale_item_id ON shop.sale (item_id);
CREATE VIEW shop.sold AS SELECT id, item_id FROM shop.sale WHERE state = 'sold';
CREATE FUNCTION shop.sold_items() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shop.sold';
