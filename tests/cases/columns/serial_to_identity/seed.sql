INSERT INTO given VALUES (1, 5, -7), (2, 2147483647, -8);
INSERT INTO t SELECT FROM generate_series(1, 3);
INSERT INTO strict SELECT FROM generate_series(1, 3);
INSERT INTO named SELECT FROM generate_series(1, 3);
INSERT INTO serial_again SELECT FROM generate_series(1, 3);
