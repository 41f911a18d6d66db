INSERT INTO numbered (id, n) VALUES (1001, 1001);
INSERT INTO given (id, n) VALUES (1001, 1001);
