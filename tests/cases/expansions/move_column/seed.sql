INSERT INTO person SELECT g, 'n' || g, '0' || g FROM generate_series(1, 300) g;
INSERT INTO contact SELECT g, 'm' || g FROM generate_series(1, 300) g;
