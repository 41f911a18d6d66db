INSERT INTO person (id, first_name, last_name) VALUES (1001, 'Old', 'One');
UPDATE person SET last_name = 'Two' WHERE id IN (1, 1001) AND id > 1;
UPDATE person SET note = 'x' WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT first_name || last_name FROM person WHERE id = 1001) = 'OldTwo'; END $$;
DO $$ BEGIN ASSERT (SELECT count(first_name) = 301 FROM person); END $$;
DELETE FROM person WHERE id = 1001;
