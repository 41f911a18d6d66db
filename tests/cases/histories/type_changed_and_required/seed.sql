INSERT INTO variable SELECT g, 'n', CASE WHEN g % 2 = 0 THEN '{"a": 1}'::jsonb END, nullif(g % 3, 0) FROM generate_series(1, 300) g;
INSERT INTO in_place VALUES (1, NULL), (2, 5);
