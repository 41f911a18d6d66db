INSERT INTO variable (id, name, value, size) VALUES (1001, 'new', '{}', 5);
