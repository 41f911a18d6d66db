INSERT INTO t (id, first, last) VALUES (1, 'a', 'b'), (2, NULL, NULL);
INSERT INTO p (id, b) VALUES (1, 2), (2, NULL); INSERT INTO v (b) VALUES (1);
