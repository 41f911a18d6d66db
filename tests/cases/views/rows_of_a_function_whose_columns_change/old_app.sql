DO $$ BEGIN ASSERT (SELECT (a, b, id) = (2, 3, 1) FROM v JOIN w USING (id)); END $$;
DO $$ BEGIN ASSERT (SELECT (id, kept, wide) = (1, 'k', 2) FROM all_of_it); ASSERT (SELECT kept = 'k' FROM narrow); END $$;
