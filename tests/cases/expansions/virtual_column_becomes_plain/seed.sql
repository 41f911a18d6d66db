INSERT INTO t (id, b) SELECT g, g FROM generate_series(1, 50) g;
