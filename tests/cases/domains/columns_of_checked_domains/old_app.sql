INSERT INTO renamed VALUES (101, 'old');
UPDATE renamed SET a = 'changed' WHERE id = 101;
INSERT INTO retyped VALUES (101, 'old');
