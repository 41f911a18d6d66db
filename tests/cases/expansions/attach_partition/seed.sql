INSERT INTO item SELECT g, 'n' FROM generate_series(1, 140) g;
INSERT INTO item_high SELECT g, 'n' FROM generate_series(150, 300) g;
