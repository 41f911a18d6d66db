INSERT INTO job SELECT g, 'l' || g, 'n', 'todo' FROM generate_series(1, 300) g;
