INSERT INTO item (id, n) VALUES (7, 7);
INSERT INTO other (id, m) VALUES (7, 'a');
