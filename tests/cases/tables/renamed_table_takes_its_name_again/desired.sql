CREATE TABLE a (id int NOT NULL, note text);
CREATE TABLE c (id int NOT NULL);
ALTER TABLE c RENAME TO c_v2;
CREATE TABLE b (i int, id int NOT NULL DEFAULT 1);
-- migplan: renamed-from queue
CREATE TABLE jobs (id int NOT NULL);
-- migplan: renamed-from lot
CREATE TABLE batch (id int PRIMARY KEY);
-- migplan: renamed-from ware
CREATE TABLE goods (id int PRIMARY KEY);
