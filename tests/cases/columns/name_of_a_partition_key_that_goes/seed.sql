INSERT INTO item VALUES (gen_random_uuid(), 'a'), (gen_random_uuid(), 'b');
ANALYZE;
