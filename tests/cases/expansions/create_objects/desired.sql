CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('new', 'sold');
CREATE SEQUENCE shop.numbers;
CREATE TABLE shop.sale (
  id bigint PRIMARY KEY DEFAULT nextval('shop.numbers'),
  item_id int NOT NULL REFERENCES item, -- migplan: renamed-from item
  state shop.state NOT NULL DEFAULT 'new' -- migplan: phase contract
);
CREATE TABLE shop.receipt (
  sale_id bigint PRIMARY KEY,
  line text -- migplan: moved-from shop.sale.line using sale_id = id
);
CREATE INDEX sale_item_id ON shop.sale (item_id);
CREATE VIEW shop.sold AS SELECT id, item_id FROM shop.sale WHERE state = 'sold';
CREATE FUNCTION shop.sold_items() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM shop.sold';
