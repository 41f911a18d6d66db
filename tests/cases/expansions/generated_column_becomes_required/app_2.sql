INSERT INTO t (id, a) VALUES (1001, 'new');
INSERT INTO p (id, a) VALUES (1001, 1);
