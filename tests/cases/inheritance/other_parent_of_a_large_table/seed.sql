INSERT INTO child VALUES (1, 'x', 2);
INSERT INTO alone VALUES (3, 'y', 4);
