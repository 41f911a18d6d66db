-- migplan: column-order
CREATE TABLE item (id int PRIMARY KEY, name text NOT NULL, extra text, note text);
CREATE VIEW names AS SELECT id, name FROM item;
