INSERT INTO item (id, name, kind) SELECT g, 'name ' || g, 'kind ' || g FROM generate_series(1, 300) g;
INSERT INTO token (identifier, token, expires) SELECT g, 't', 'at ' || g FROM generate_series(1, 10) g;
INSERT INTO done (action, owner, code) SELECT 'a' || g, g, g FROM generate_series(1, 10) g;
