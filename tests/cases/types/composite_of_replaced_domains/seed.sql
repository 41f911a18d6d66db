INSERT INTO t VALUES (1, ROW('x', ARRAY['x', 'x']::d2[])::comp, 'x', ARRAY['x', 'y']::d1[]), (2, NULL, 'x', NULL);
