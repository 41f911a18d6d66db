INSERT INTO item VALUES (0, 'x');
INSERT INTO item_high VALUES (1500, 'x');
