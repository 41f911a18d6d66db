INSERT INTO item SELECT g, 'c' || g, 'n' FROM generate_series(1, 200) g;
