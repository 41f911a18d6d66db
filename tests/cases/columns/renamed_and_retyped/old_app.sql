INSERT INTO item (id, amount, note) VALUES (1001, '7', 'x') ON CONFLICT (id) DO UPDATE SET amount = excluded.amount || '';
UPDATE item SET amount = '12' WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT amount = '12' FROM item WHERE id = 1); END $$;
