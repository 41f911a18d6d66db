CREATE TABLE t (id bigserial PRIMARY KEY);
CREATE TABLE given (id int PRIMARY KEY, n int NOT NULL, down int NOT NULL);
