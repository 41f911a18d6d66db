INSERT INTO item SELECT g, 'n', int4range(g, g + 1) FROM generate_series(1, 300) g;
