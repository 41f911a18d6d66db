INSERT INTO item SELECT g, 't', 'n' || g FROM generate_series(1, 300) g;
