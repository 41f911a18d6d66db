INSERT INTO item (id, note) SELECT g, 'x' FROM generate_series(1, 300) g;
