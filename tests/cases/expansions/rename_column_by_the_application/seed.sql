INSERT INTO item (id, name) SELECT g, 'name ' || g FROM generate_series(1, 300) g;
INSERT INTO box SELECT generate_series(1, 300);
INSERT INTO content SELECT g, g FROM generate_series(1, 300) g;
