INSERT INTO part SELECT k, date '2021-01-01' + g FROM generate_series(1, 2) k, generate_series(1, 50) g;
