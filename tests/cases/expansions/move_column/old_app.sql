INSERT INTO person VALUES (1001, 'old', '1');
INSERT INTO contact VALUES (1001, 'm');
UPDATE person SET phone = '2' WHERE id IN (1, 1001);
SELECT 1 / count(*) FROM person WHERE id = 1001 AND phone = '2';
DELETE FROM person WHERE id = 1001;
