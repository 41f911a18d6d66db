INSERT INTO item (id, full_name) VALUES (1001, 'old');
UPDATE item SET full_name = 'changed' WHERE id IN (1, 1001);
UPDATE item SET short_code = 'longer than the old column' WHERE id = 2;
DELETE FROM item WHERE id = 1001;
INSERT INTO item (id) VALUES (1004);
DO $$ BEGIN ASSERT (SELECT count(full_name) = 301 FROM item); END $$;
