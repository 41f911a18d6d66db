INSERT INTO t SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO called DEFAULT VALUES;
