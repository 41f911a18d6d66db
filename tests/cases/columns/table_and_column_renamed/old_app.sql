INSERT INTO t (id, a, b) VALUES (2, 'x', 'y'); UPDATE t SET a = 'z' WHERE id = 1; DO $$ BEGIN ASSERT (SELECT count(a) = 2 FROM t); END $$;
