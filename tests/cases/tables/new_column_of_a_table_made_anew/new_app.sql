INSERT INTO item (id, name, extra) VALUES (1002, 'new', 'e');
SELECT extra, many FROM item WHERE id = 1002;
