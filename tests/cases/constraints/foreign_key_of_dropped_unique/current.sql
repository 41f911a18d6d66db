CREATE TABLE parent (id int NOT NULL);
ALTER TABLE parent ADD CONSTRAINT parent_id_key UNIQUE (id);
CREATE TABLE child (parent_id int REFERENCES parent (id));
ALTER TABLE parent ADD PRIMARY KEY (id);
