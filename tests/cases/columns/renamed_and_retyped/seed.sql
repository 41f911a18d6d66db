INSERT INTO item SELECT g, g::text, 'n' FROM generate_series(1, 300) g;
