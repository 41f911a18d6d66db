INSERT INTO t (id, b) VALUES (1001, 3);
UPDATE t SET b = 4 WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT (v, s, w) = (8, 5, 'small') FROM t WHERE id = 1001); END $$;
