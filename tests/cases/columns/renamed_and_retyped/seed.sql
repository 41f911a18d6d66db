INSERT INTO item SELECT g, g::text, 'n' FROM generate_series(1, 300) g;
INSERT INTO message VALUES (1, '{"a": "b\\c"}', convert_to('{"é": "\\"}', 'UTF8'), '{"a\\b"}'), (2, '1', NULL, NULL);
