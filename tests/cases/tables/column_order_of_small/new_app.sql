INSERT INTO item (name) VALUES ('y');
UPDATE item SET parent = 2 WHERE id = 3;
SELECT named(item) FROM item LIMIT 1;
SELECT name, id FROM names WHERE id = 1;
