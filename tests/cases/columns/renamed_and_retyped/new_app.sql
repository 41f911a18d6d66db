INSERT INTO item (id, total, note) VALUES (1002, 7, 'x') ON CONFLICT (id) DO UPDATE SET total = excluded.total + 0;
UPDATE item SET total = total + 1 WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT total BETWEEN 1 AND 99 FROM item WHERE id = 1); END $$;
