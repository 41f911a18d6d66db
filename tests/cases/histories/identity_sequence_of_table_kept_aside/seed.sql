INSERT INTO job (name) SELECT 'j' FROM generate_series(1, 30); INSERT INTO task (name) SELECT 't' FROM generate_series(1, 30);
