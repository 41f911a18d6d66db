INSERT INTO item (name) SELECT 'n' || g FROM generate_series(1, 300) g;
INSERT INTO part (item, name) SELECT id, name FROM item;
