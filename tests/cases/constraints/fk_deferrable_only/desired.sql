CREATE TABLE a (id int PRIMARY KEY, x int, UNIQUE (x, id)); CREATE TABLE b (i int, j int, CONSTRAINT f FOREIGN KEY (i, j) REFERENCES a (x, id) DEFERRABLE);
