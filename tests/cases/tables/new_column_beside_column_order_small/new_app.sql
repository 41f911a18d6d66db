INSERT INTO item (id, name, extra) VALUES (1002, 'new', 'e');
