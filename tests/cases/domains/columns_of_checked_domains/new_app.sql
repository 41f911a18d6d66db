INSERT INTO renamed (id, b) VALUES (102, 'new');
UPDATE renamed SET b = 'changed' WHERE id = 102;
INSERT INTO retyped (id, a) VALUES (102, 'new');
