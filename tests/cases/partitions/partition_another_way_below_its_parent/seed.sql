INSERT INTO item VALUES (1),(2),(3);
INSERT INTO ev SELECT g, g, 'v' || g, g FROM generate_series(1, 3) g; INSERT INTO ev VALUES (5, 11, 'x', 1); INSERT INTO note VALUES (1,1),(5,11);
