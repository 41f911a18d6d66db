INSERT INTO spots VALUES (1, ARRAY[ROW(10, 20, 'a')::place]);
