INSERT INTO t (id, b, v, s, w) VALUES (1001, 3, 1, 7, 'w');
UPDATE t SET b = 4, v = 1 WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT (v, s::int, w) = (1, 7, 'w') FROM t WHERE id = 1001); END $$;
