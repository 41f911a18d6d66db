INSERT INTO t VALUES (1, '{a}', 'b'); INSERT INTO c VALUES (1, 'a', 2);
