INSERT INTO t VALUES (1, 5), (2, 6);
INSERT INTO numbered VALUES (1, 5, 7), (2, 6, 8);
INSERT INTO plain (id) VALUES (1), (2);
