INSERT INTO item (id, note) VALUES (1001, 'old') RETURNING id;
UPDATE item SET note = 'changed' WHERE id IN (1, 1001);
DELETE FROM item WHERE id = 1001;
