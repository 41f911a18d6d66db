INSERT INTO person SELECT g, 'n' || g, '0' || g FROM generate_series(1, 300) g;
INSERT INTO contact SELECT g, 'm' || g FROM generate_series(1, 300) g;
INSERT INTO line SELECT g % 30, g, 'n' || g FROM generate_series(1, 300) g;
INSERT INTO extra (pos, ord) SELECT pos, ord FROM line;
