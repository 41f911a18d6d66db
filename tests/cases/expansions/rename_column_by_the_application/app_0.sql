INSERT INTO item (id, name) VALUES (1001, 'old');
UPDATE item SET name = 'changed' WHERE id IN (1, 1001);
DELETE FROM item WHERE id = 1001;
INSERT INTO item (id) VALUES (1003);
SELECT name FROM item;
INSERT INTO box (id) VALUES (1001);
DELETE FROM box WHERE id = 1001;
