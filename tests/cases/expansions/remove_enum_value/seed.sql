INSERT INTO item SELECT g, 'n', CASE WHEN g % 2 = 0 THEN 'b' ELSE 'a' END::kind FROM generate_series(1, 300) g;
INSERT INTO dropped VALUES (1, 'b');
