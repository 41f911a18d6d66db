INSERT INTO t (id, b, s, w) VALUES (1001, 3, 7, 'w');
UPDATE t SET b = 4, s = 7 WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT (v, s::int, w) = (8, 7, 'w') FROM t WHERE id = 1001); END $$;
