DO $$ BEGIN ASSERT (SELECT count(code) = 300 FROM item); END $$;
INSERT INTO item (id, name) VALUES (1002, 'new');
