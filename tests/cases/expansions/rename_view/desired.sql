CREATE TABLE item (id int PRIMARY KEY, name text);
-- migplan: renamed-from things
CREATE VIEW goods AS SELECT id, name FROM item;
