SELECT * FROM goods;
UPDATE goods SET name = 'x' WHERE id = 1;
