INSERT INTO customer VALUES (1), (2);
INSERT INTO partner VALUES (1), (3);
INSERT INTO orders VALUES (1, 1, 1, 2), (2, 2, NULL, 3);
