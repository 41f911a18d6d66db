INSERT INTO u (id, c, b) VALUES (2, 'x', 'y'); UPDATE u SET c = 'z' WHERE id = 1; DO $$ BEGIN ASSERT (SELECT count(c) = 2 FROM u); END $$;
