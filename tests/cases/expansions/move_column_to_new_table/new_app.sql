INSERT INTO person (id, name) VALUES (1002, 'new');
INSERT INTO contact VALUES (1002, 'm', '3');
UPDATE contact SET phone = '4' WHERE of_person IN (2, 1002);
SELECT 1 / count(*) FROM contact WHERE of_person = 1002 AND phone = '4';
DELETE FROM person WHERE id = 1002;
INSERT INTO contact VALUES (1, 'm') ON CONFLICT (of_person) DO UPDATE SET phone = excluded.phone;
SELECT 1 / count(*) FROM contact WHERE of_person = 1 AND phone IS NULL;
