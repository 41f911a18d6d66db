INSERT INTO item (id, n) VALUES (7, 7);
