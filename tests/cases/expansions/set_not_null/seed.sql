INSERT INTO item SELECT g, CASE WHEN g % 3 > 0 THEN 'n' END FROM generate_series(1, 300) g;
