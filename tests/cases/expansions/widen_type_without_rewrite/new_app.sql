INSERT INTO item (id, name, price) VALUES (1002, repeat('x', 40), 1234567890.12);
