INSERT INTO item (id, full_name) VALUES (1001, 'new');
UPDATE item SET full_name = 'changed' WHERE id IN (1, 1001);
DELETE FROM item WHERE id = 1001;
INSERT INTO item (id) VALUES (1003);
DO $$ BEGIN ASSERT (SELECT count(full_name) = 301 FROM item); END $$;
INSERT INTO box (number) VALUES (1001);
DELETE FROM box WHERE number = 1001;
