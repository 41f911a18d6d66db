INSERT INTO person SELECT g, 'n' || g, CASE WHEN g % 3 > 0 THEN '0' || g END, 'k' || g FROM generate_series(1, 300) g;
