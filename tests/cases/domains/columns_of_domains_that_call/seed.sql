INSERT INTO added SELECT g FROM generate_series(1, 20) g;
INSERT INTO retyped SELECT g, 'v' || g || '@' FROM generate_series(1, 20) g;
INSERT INTO goes SELECT g, 'v' || g FROM generate_series(1, 20) g;
