INSERT INTO invoice SELECT g, 'open', 'n' || g, 'p' FROM generate_series(1, 300) g; INSERT INTO seen SELECT g, 'r' FROM generate_series(1, 300) g;
