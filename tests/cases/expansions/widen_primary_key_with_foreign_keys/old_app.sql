INSERT INTO item (id, name) VALUES (1001, 'old');
UPDATE item SET name = 'changed' WHERE id IN (1, 1001);
DELETE FROM item WHERE id = 1001;
INSERT INTO item (id, name) VALUES (1005, 'x');
INSERT INTO sale (id, item_id) VALUES (1001, 1005);
DELETE FROM sale WHERE id = 3;
DELETE FROM item WHERE id = 3;
