INSERT INTO log (at, what) VALUES ('2026-02-01', 'new');
INSERT INTO only_gone (z) VALUES (1);
INSERT INTO kid (id) VALUES (1);
INSERT INTO part (k, v) VALUES (1, 'v');
INSERT INTO pk (other) VALUES ('o');
UPDATE log SET what = 'other' WHERE what = 'w1';
