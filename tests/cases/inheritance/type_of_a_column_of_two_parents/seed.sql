INSERT INTO heir (own, x) VALUES (1, 1), (2, 2); INSERT INTO base1 VALUES (3, 'y');
