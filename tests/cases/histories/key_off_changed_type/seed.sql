INSERT INTO link SELECT g, g, g, g FROM generate_series(1, 300) g;
INSERT INTO name SELECT g, g, g FROM generate_series(1, 300) g;
