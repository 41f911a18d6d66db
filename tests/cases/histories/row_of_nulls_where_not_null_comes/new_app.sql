DO $$ BEGIN ASSERT (SELECT held::text FROM holder WHERE id = 2) = '(,)'; END $$;
