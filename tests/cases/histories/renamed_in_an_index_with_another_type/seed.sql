INSERT INTO metric SELECT g::text, 'from ' || g, 'name ' || g FROM generate_series(1, 300) g;
