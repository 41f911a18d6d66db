INSERT INTO item SELECT g, 'n' || g, date '2026-01-01' + g % 700 FROM generate_series(1, 300) g;
