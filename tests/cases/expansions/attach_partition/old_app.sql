INSERT INTO item VALUES (141, 'x');
INSERT INTO item_high VALUES (1500, 'x');
