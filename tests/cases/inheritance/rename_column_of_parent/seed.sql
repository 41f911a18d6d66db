INSERT INTO parent (id, name) SELECT g, 'p' || g FROM generate_series(1, 300) g;
INSERT INTO child (id, name, extra) SELECT g, 'c' || g, g FROM generate_series(1, 300) g;
INSERT INTO other (id, name) SELECT g, 'o' || g FROM generate_series(1, 300) g;
INSERT INTO grandchild (id, name) SELECT g, 'g' || g FROM generate_series(1, 30) g;
