INSERT INTO person (id, first_name, last_name, net, gross) VALUES (1001, 'Old', 'One', 3, 6);
UPDATE person SET first_name = 'New', last_name = 'Two' WHERE id IN (1, 1001) AND id > 1;
DO $$ BEGIN ASSERT (SELECT last_name FROM person WHERE id = 1001) = 'Two'; END $$;
DO $$ BEGIN ASSERT (SELECT count(first_name) = 301 AND sum(gross) = 90306 FROM person); END $$;
DELETE FROM person WHERE id = 1001;
