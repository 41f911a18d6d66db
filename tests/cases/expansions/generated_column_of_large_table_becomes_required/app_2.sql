INSERT INTO t (id, a) VALUES (1001, 'new');
