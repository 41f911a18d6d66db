INSERT INTO t SELECT n, 'x' FROM generate_series(0, 499, 10) n;
INSERT INTO l VALUES ('a'), ('b'), ('c'), ('d'), (NULL);
INSERT INTO h SELECT generate_series(1, 20);
INSERT INTO g VALUES (1, 1), (2, 1);
