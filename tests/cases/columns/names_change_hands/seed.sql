INSERT INTO chain (id, a, b) SELECT g, 'a' || g, g FROM generate_series(1, 300) g;
INSERT INTO swapped (id, sent, due) SELECT g, '2021-01-01', 'due ' || g FROM generate_series(1, 300) g;
INSERT INTO taken (id, x, y) SELECT g, g, 'y' || g FROM generate_series(1, 300) g;
INSERT INTO anew (id, x) SELECT g, g FROM generate_series(1, 300) g;
