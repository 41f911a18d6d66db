INSERT INTO item (id, name, size, others) VALUES (1001, 'old', ROW(1), ARRAY[ROW(1)::size]);
UPDATE item SET name = 'changed', size = '(2)' WHERE id IN (1, 1001);
SELECT area(ROW(1)::size);
DELETE FROM item WHERE id = 1001;
