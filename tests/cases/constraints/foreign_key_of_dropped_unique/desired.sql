CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (parent_id int REFERENCES parent (id));
CREATE TABLE indexed (id int NOT NULL, a int NOT NULL);
CREATE UNIQUE INDEX indexed_first ON indexed (a, id);
CREATE TABLE user_of_indexed (id int, a int, CONSTRAINT f FOREIGN KEY (id, a) REFERENCES indexed (id, a));
