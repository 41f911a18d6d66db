INSERT INTO person (id, name, born) VALUES (1001, 'a b', '1950');
UPDATE person SET name = 'c d', born = '1800' WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT (name, born) = ('c d', '1800') FROM person WHERE id = 1); END $$;
INSERT INTO sale (id, day, net, fax, region) VALUES (1001, '2020-02-01', 1, 'x', 'y');
UPDATE sale SET net = 5 WHERE id = 1;
DO $$ BEGIN ASSERT (SELECT sum(net) = 45155 FROM sale); END $$;
