INSERT INTO item (id, name, kind) SELECT g, 'name ' || g, 'kind' FROM generate_series(1, 300) g;
