INSERT INTO item (id, name) VALUES (1002, 'new');
