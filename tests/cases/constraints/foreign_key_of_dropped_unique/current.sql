CREATE TABLE parent (id int NOT NULL);
ALTER TABLE parent ADD CONSTRAINT parent_id_key UNIQUE (id);
CREATE TABLE child (parent_id int REFERENCES parent (id));
ALTER TABLE parent ADD PRIMARY KEY (id);
CREATE TABLE indexed (id int NOT NULL, a int NOT NULL);
CREATE UNIQUE INDEX indexed_first ON indexed (a, id);
CREATE TABLE user_of_indexed (id int, a int, CONSTRAINT f FOREIGN KEY (id, a) REFERENCES indexed (id, a));
ALTER TABLE indexed ADD PRIMARY KEY (id, a), ADD CONSTRAINT beside UNIQUE (id, a);
CREATE UNIQUE INDEX among ON indexed (id, a);
