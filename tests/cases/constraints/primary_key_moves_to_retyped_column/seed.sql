INSERT INTO t SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO called DEFAULT VALUES;
INSERT INTO session SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO visit VALUES (1), (2);
