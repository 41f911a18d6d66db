INSERT INTO person SELECT g, 'first' || g || ' last', 1900 + g % 100, 'f' FROM generate_series(1, 300) g;
INSERT INTO sale SELECT g, '2020-01-01', g, 'f', 'here' FROM generate_series(1, 300) g;
