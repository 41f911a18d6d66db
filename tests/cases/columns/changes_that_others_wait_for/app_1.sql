INSERT INTO person (id, full_name, born) VALUES (1001, 'a b', 1950);
UPDATE person SET full_name = 'c d', born = '1800' WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT (full_name, born::text) = ('c d', '1800') FROM person WHERE id = 1); END $$;
INSERT INTO sale (id, day, amount, region) VALUES (1001, '2020-02-01', 1, 'y');
UPDATE sale SET amount = 5 WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT sum(amount) = 45155 FROM sale); END $$;
