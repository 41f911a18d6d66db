INSERT INTO t VALUES (1, 'a'), (2, 'b');
INSERT INTO parent VALUES (1, 'a');
INSERT INTO heir VALUES (2, 'b');
