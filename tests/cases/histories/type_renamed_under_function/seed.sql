INSERT INTO job SELECT g, CASE WHEN g % 2 = 0 THEN 'todo' ELSE 'done' END::status FROM generate_series(1, 20) g;
