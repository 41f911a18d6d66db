INSERT INTO added SELECT g FROM generate_series(1, 20) g;
INSERT INTO renamed SELECT g, 'v' || g FROM generate_series(1, 20) g;
INSERT INTO retyped SELECT g, 'v' || g FROM generate_series(1, 20) g;
INSERT INTO filled VALUES (1), (2);
INSERT INTO compared SELECT g, '{"a": 1}', '{"b": 2}', ROW(1, '{"a": 1}'::json::document)::documented FROM generate_series(1, 5) g;
