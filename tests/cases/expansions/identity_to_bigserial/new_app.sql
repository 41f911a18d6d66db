INSERT INTO item (id, note) VALUES (1002, 'new') RETURNING id;
UPDATE item SET note = 'changed' WHERE id IN (1, 1002);
DELETE FROM item WHERE id = 1002;
