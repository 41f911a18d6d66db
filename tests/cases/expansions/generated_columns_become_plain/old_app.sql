INSERT INTO t (id, first, last) VALUES (1001, 'c', 'd'), (1002, NULL, NULL);
DO $$ BEGIN ASSERT (SELECT (name, size) = ('c d', 1001) FROM t WHERE id = 1001); END $$;
UPDATE t SET first = 'e' WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT name FROM t WHERE id = 1001) = 'e d'; END $$;
INSERT INTO p (id, b) VALUES (1001, 3);
INSERT INTO v (b) VALUES (3);
UPDATE v SET b = 4 WHERE b = 3;
DO $$ BEGIN ASSERT (SELECT a FROM p WHERE id = 1001) = 6; ASSERT (SELECT a FROM v WHERE b = 4) = 8; END $$;
