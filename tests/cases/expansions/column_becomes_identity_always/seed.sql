INSERT INTO numbered SELECT g, g + 10, 'v' FROM generate_series(1, 300) g;
INSERT INTO given SELECT g, g + 10, 'v' FROM generate_series(1, 300) g;
