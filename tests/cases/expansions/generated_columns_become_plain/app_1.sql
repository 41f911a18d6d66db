INSERT INTO t (id, given) VALUES (1001, 'c');
UPDATE t SET given = 'e' WHERE id = 1001;
DO $$ BEGIN ASSERT (SELECT (name, size) = ('e ', 1001) FROM t WHERE id = 1001); END $$;
INSERT INTO p (id, b, a) VALUES (1001, 3, 7);
UPDATE p SET b = 4, a = 9 WHERE id = 1001;
INSERT INTO v (b, a) VALUES (3, 7);
DO $$ BEGIN ASSERT (SELECT a FROM p WHERE id = 1001) = 9; ASSERT (SELECT a FROM v WHERE b = 3) = 7; END $$;
