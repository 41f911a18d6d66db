INSERT INTO item SELECT g, g FROM generate_series(1, 3) g; INSERT INTO other VALUES (1, 'a'), (2, 'b');
