INSERT INTO item (name) SELECT 'n' || g FROM generate_series(1, 200) g;
UPDATE item SET parent = 1 WHERE id > 100;
INSERT INTO other VALUES (1, 2);
