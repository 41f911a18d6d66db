INSERT INTO event SELECT g, date '2026-01-01' + g % 300, g FROM generate_series(1, 300) g;
