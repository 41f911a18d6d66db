SELECT * FROM things;
UPDATE things SET name = 'x' WHERE id = 1;
