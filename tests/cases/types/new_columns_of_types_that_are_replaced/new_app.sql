INSERT INTO item (id, n, m, l, d) VALUES (8, 8, 'b', '{a,b}', 'a');
INSERT INTO other (id, m) VALUES (8, 'a');
UPDATE item SET m = 'b' WHERE id = 1;
