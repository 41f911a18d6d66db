INSERT INTO fewer (id, a, b) SELECT g, 'a' || g, 'b' || g FROM generate_series(1, 300) g;
INSERT INTO more (id, a, b) SELECT g, 'a' || g, 'b' || g FROM generate_series(1, 300) g;
INSERT INTO plain (id, a, b) SELECT g, 'a' || g, 'b' || g FROM generate_series(1, 300) g;
