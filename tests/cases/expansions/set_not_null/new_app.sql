INSERT INTO item (id, name) VALUES (1001, 'old');
UPDATE item SET name = 'changed' WHERE id IN (1, 1001);
DELETE FROM item WHERE id = 1001;
DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM item WHERE name IS NULL AND id > 300); END $$;
