INSERT INTO plain (name, label, mood, moods) SELECT 'n', 'l', 'glad', '{sad}' FROM generate_series(1, 30);
INSERT INTO child (id, number, mood, plain) OVERRIDING SYSTEM VALUE SELECT g + 100, g + 200, 'sad', g FROM generate_series(1, 30) g;
INSERT INTO event SELECT g, date '2020-12-20' + g FROM generate_series(1, 30) g;
INSERT INTO kept SELECT date '2020-12-20' + g FROM generate_series(1, 30) g;
INSERT INTO fitted SELECT g, 'large' FROM generate_series(1, 30) g;
INSERT INTO fitting SELECT g FROM generate_series(1, 30) g;
INSERT INTO halved SELECT g FROM generate_series(1, 30) g;
INSERT INTO config VALUES ('catalog', 5);
INSERT INTO server SELECT g, 'n' FROM generate_series(1, 30) g;
