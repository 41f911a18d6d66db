INSERT INTO event SELECT g, date '2026-01-01' + g % 300, g FROM generate_series(1, 300) g;
INSERT INTO mark VALUES (1, '2026-01-01'), (10, '2026-01-01'), (101, '2026-01-02');
INSERT INTO named SELECT g, 'n' || g FROM generate_series(1, 20) g;
INSERT INTO tick (b) SELECT g FROM generate_series(1, 30) g;
