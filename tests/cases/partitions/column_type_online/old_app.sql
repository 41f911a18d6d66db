INSERT INTO event VALUES (1001, '2026-03-01', 7) ON CONFLICT (id, day) DO UPDATE SET amount = excluded.amount;
UPDATE event SET amount = 8, day = '2026-07-01' WHERE id = 1001;
SELECT total();
DELETE FROM event WHERE id = 1001;
