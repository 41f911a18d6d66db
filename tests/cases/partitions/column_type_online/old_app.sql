INSERT INTO event VALUES (1001, '2026-03-01', 7) ON CONFLICT (id, day) DO UPDATE SET amount = excluded.amount;
UPDATE event SET amount = 8, day = '2026-07-01' WHERE id = 1001;
SELECT total();
DELETE FROM event WHERE id = 1001;
INSERT INTO mark VALUES ('11', '2026-01-01');
UPDATE mark SET bits = '111' WHERE bits = '101';
UPDATE mark SET bits = '101' WHERE bits = '111';
DELETE FROM mark WHERE bits = '11';
