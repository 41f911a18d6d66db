INSERT INTO log (at, what, a) VALUES ('2026-02-01', 'new', 1);
INSERT INTO only_gone (a, b) VALUES (1, 'b');
INSERT INTO kid (id, a) VALUES (1, 'k');
INSERT INTO part (k, v, w) VALUES (1, 'v', 'w');
INSERT INTO pk (id, other) VALUES (1001, 'o');
UPDATE log SET a = a + 1 WHERE what = 'w1';
