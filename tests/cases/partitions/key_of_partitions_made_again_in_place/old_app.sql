INSERT INTO invoice VALUES (2001, '2026-05-05', 1, 'r', 1);
