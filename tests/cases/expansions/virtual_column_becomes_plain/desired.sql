CREATE TABLE t (id int PRIMARY KEY, b int NOT NULL, v int, s bigint NOT NULL, w text DEFAULT 'none');
CREATE INDEX t_v ON t (v);
