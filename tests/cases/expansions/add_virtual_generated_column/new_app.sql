DO $$ BEGIN ASSERT (SELECT bool_and(length = id * 2) FROM item); END $$;
