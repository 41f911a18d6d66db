INSERT INTO item SELECT g, g FROM generate_series(1, 4) g;
