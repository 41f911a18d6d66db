INSERT INTO item VALUES (1, 2, 'a');
