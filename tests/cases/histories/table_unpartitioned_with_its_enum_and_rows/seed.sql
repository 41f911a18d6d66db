INSERT INTO job SELECT g, 'n', 'active', '{created}', NULL FROM generate_series(1, 30) g; INSERT INTO other VALUES ('active');
