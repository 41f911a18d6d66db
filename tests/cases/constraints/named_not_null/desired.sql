CREATE TABLE t (a int CONSTRAINT must NOT NULL, b int CONSTRAINT bnn NOT NULL NO INHERIT); CREATE TABLE ch () INHERITS (t);
CREATE TABLE renamed (id int);
-- migplan: renamed-from old_name
ALTER TABLE renamed ADD CONSTRAINT new_name NOT NULL id;
CREATE TABLE numbered (id int NOT NULL, b int CONSTRAINT numbered_b_not_null7 NOT NULL, c int CONSTRAINT numbered_c_not_null3 NOT NULL);
CREATE TABLE numbered_new (id int CONSTRAINT numbered_new_id_not_null1 NOT NULL);
