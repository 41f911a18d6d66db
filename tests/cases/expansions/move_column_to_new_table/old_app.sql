INSERT INTO person VALUES (1001, 'old', '1');
UPDATE person SET phone = '2' WHERE id IN (1, 1001);
UPDATE person SET phone = NULL WHERE id = 2;
DELETE FROM person WHERE id = 1001;
