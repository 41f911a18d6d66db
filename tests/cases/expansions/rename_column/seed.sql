INSERT INTO item (id, name) SELECT g, 'name ' || g FROM generate_series(1, 300) g;
