INSERT INTO t (id, given, name, size) VALUES (1001, 'c', 'C', 1);
UPDATE t SET given = 'e', name = 'E' WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT (name, size) = ('E', 1) FROM t WHERE id = 1001); END $$;
INSERT INTO p (id, b, a) VALUES (1001, 3, 7);
INSERT INTO v (b, a) VALUES (3, 7);
