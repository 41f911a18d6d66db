DO $$ BEGIN ASSERT (SELECT bool_and(length = length(name)) FROM item); END $$;
