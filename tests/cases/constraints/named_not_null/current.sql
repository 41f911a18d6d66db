CREATE TABLE t (a int NOT NULL, b int); CREATE TABLE ch () INHERITS (t);
CREATE TABLE renamed (id int CONSTRAINT old_name NOT NULL);
CREATE TABLE numbered (id int CONSTRAINT numbered_id_not_null1 NOT NULL, b int NOT NULL, c int CONSTRAINT numbered_c_not_null2 NOT NULL);
