INSERT INTO person (id, full_name, first_name, last_name, net, gross) VALUES (1001, 'Old One', 'Old', 'One', 3, 6);
UPDATE person SET full_name = 'New Two', first_name = 'New', last_name = 'Two' WHERE id IN (1, 1001) AND id > 1;
DO $$ BEGIN ASSERT (SELECT full_name FROM person WHERE id = 1001) = 'New Two'; END $$;
DELETE FROM person WHERE id = 1001;
