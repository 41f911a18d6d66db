INSERT INTO item (id, n, m, l) VALUES (8, 8, 'x', '{a}');
INSERT INTO other (id, m) VALUES (8, 'a');
UPDATE item SET m = 'x' WHERE id = 1;
