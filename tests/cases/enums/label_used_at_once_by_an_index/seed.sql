INSERT INTO t VALUES (1, 'a'), (2, 'c');
INSERT INTO leaving VALUES (1, 'a'), (2, 'c');
