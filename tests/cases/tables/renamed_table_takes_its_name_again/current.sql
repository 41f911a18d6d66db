CREATE TABLE a (id int NOT NULL, note text CONSTRAINT b_id_not_null CHECK (note <> ''));
ALTER TABLE a RENAME TO a_v2;
CREATE TABLE b (i int);
CREATE TABLE queue (id int NOT NULL, CONSTRAINT jobs UNIQUE (id));
CREATE TABLE lot (id int PRIMARY KEY, CONSTRAINT goods UNIQUE (id));
CREATE TABLE ware (id int PRIMARY KEY);
