INSERT INTO item (id, name, amount) VALUES (1002, 'new', 8);
UPDATE item SET amount = 9 WHERE id = 2;
SELECT amount::bigint FROM amounts;
