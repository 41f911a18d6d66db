INSERT INTO item (id, name, full_name) VALUES (1001, 'both', 'both');
UPDATE item SET name = 'changed', full_name = 'changed' WHERE id IN (1, 1001);
DO $$ BEGIN ASSERT (SELECT count(name) = 301 FROM item); END $$;
INSERT INTO box (id, number) VALUES (1001, 1001);
DELETE FROM box WHERE id = 1001;
