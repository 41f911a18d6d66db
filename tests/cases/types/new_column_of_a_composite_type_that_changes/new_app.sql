INSERT INTO item (id, n, a) VALUES (8, 8, ROW('a', 1));
