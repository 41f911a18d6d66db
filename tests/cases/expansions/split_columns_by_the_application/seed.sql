INSERT INTO person SELECT g, 'First' || g || ' Last' || g, g FROM generate_series(1, 300) g;
