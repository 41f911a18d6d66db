INSERT INTO spots VALUES (1, ROW(10, 20, 'a "b", c')), (2, NULL), (3, ROW(NULL, NULL, NULL));
