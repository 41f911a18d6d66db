CREATE SCHEMA s;
CREATE TABLE s.p (id int, b int) PARTITION BY RANGE (id);
CREATE INDEX i ON s.p ((b IS NULL));
ALTER TABLE s.p ADD CONSTRAINT k UNIQUE (id);
CREATE TABLE q PARTITION OF s.p FOR VALUES FROM (1) TO (2);
CREATE TABLE p0 (id int, a text, CONSTRAINT c CHECK (id > 0));
CREATE TABLE leaves (id int, b int, c int);

CREATE TABLE here_new (k int, v int, UNIQUE (k)) PARTITION BY LIST (k);
CREATE TABLE here_1 PARTITION OF here_new FOR VALUES IN (1);
CREATE TABLE there_new (k int, v int) PARTITION BY LIST (k);
CREATE TABLE there_1 PARTITION OF there_new FOR VALUES IN (1);
CREATE UNIQUE INDEX there_key ON there_new (k);
ALTER TABLE here_new ADD CONSTRAINT refers FOREIGN KEY (k) REFERENCES there_new (k);
ALTER TABLE there_new ADD CONSTRAINT refers_back FOREIGN KEY (k) REFERENCES here_new (k);

CREATE TABLE tighter (id int, a int, b int NOT NULL, PRIMARY KEY (id, a)) PARTITION BY LIST (id);
CREATE TABLE tighter_stays PARTITION OF tighter FOR VALUES IN (2);
