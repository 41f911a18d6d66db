INSERT INTO item (id, name) SELECT g, 'name ' || g FROM generate_series(1, 300) g;
INSERT INTO called SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO tag SELECT g, 1 FROM generate_series(1, 5) g; INSERT INTO label SELECT id, kind FROM tag;
