INSERT INTO item (id, name) VALUES (1002, 'new');
DO $$ BEGIN ASSERT (SELECT count(DISTINCT number) = 301 FROM item); END $$;
