CREATE TABLE item (id int PRIMARY KEY, name text, at date NOT NULL DEFAULT '2026-01-01');
CREATE VIEW names AS SELECT id, name FROM item;
