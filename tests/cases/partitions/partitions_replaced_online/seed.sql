INSERT INTO t SELECT n, 'x' FROM generate_series(0, 299, 10) n;
INSERT INTO t VALUES (1, 'y');
INSERT INTO t_3_new VALUES (222, 'of its own');
INSERT INTO l VALUES ('a'), ('b'), (NULL);
INSERT INTO l_c VALUES ('c');
