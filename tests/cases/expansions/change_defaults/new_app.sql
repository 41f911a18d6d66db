INSERT INTO item (id, place) VALUES (1002, 'x');
