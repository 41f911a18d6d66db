INSERT INTO person SELECT g FROM generate_series(1, 300) g;
UPDATE person SET lang = 'l' || id WHERE id % 2 = 0;
INSERT INTO setting SELECT g, true FROM generate_series(1, 100) g;
