INSERT INTO item (id, name, full_name) VALUES (1001, 'both', 'both');
UPDATE item SET name = 'changed', full_name = 'changed' WHERE id IN (1, 1001);
DO $$ BEGIN ASSERT (SELECT count(full_name) = 301 FROM item); END $$;
