INSERT INTO named SELECT 1, g FROM generate_series(1, 50) g;
