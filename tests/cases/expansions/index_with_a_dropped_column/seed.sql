INSERT INTO rule SELECT g, g, g + 1, g FROM generate_series(1, 300) g;
