INSERT INTO item (id, kind) VALUES (1002, 'b');
