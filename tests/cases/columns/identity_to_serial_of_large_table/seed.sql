INSERT INTO t VALUES (1, 5), (2, 6);
INSERT INTO numbered VALUES (1, 5, 7), (2, 6, 8);
INSERT INTO plain (id) VALUES (1), (2);
INSERT INTO handed_on (v) SELECT g FROM generate_series(1, 5) g;
INSERT INTO handed_back (pk) SELECT g FROM generate_series(1, 5) g;
