INSERT INTO item (id, name) VALUES (1001, 'old');
