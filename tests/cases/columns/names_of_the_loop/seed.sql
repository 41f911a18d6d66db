INSERT INTO b VALUES (1, 1, 1), (2, 2, NULL);
INSERT INTO keyless VALUES (1, 1, 1, 1, 1, 1), (7, 8, 9, 10, 11, 12);
