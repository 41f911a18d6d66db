INSERT INTO tenant SELECT generate_series(1, 9);
INSERT INTO place SELECT 'r', generate_series(1, 9);
INSERT INTO invoice SELECT g, date '2025-01-01' + g % 700, g % 9 + 1, 'r', g % 9 + 1 FROM generate_series(1, 1200) g;
