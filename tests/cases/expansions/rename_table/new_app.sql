INSERT INTO product (id, name) VALUES (1001, 'old');
UPDATE product SET name = 'changed' WHERE id IN (1, 1001);
DELETE FROM product WHERE id = 1001;
