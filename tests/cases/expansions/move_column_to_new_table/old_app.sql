INSERT INTO person VALUES (1001, 'old', '1', 'k');
UPDATE person SET phone = '2' WHERE id IN (1, 1001);
UPDATE person SET phone = NULL WHERE id = 2;
DELETE FROM person WHERE id = 1001;
INSERT INTO person (id, name, nick) VALUES (1, 'old', 'k') ON CONFLICT (id) DO UPDATE SET phone = excluded.phone;
SELECT 1 / count(*) FROM person WHERE id = 1 AND phone IS NULL;
UPDATE person SET nick = 'mine' WHERE id = 3;
DO $$ BEGIN ASSERT (SELECT count(nick) = 300 AND count(*) FILTER (WHERE nick = 'mine') = 1 FROM person); END $$;
