INSERT INTO person (id, full_name) VALUES (1001, 'Old One');
UPDATE person SET full_name = 'New Two' WHERE id IN (1, 1001) AND id > 1;
UPDATE person SET note = 'x' WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT full_name FROM person WHERE id = 1001) = 'New Two'; END $$;
DELETE FROM person WHERE id = 1001;
