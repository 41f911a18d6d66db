CREATE TABLE t (a int CONSTRAINT must NOT NULL, b int CONSTRAINT bnn NOT NULL NO INHERIT); CREATE TABLE ch () INHERITS (t);
CREATE TABLE renamed (id int);
-- migplan: renamed-from old_name
ALTER TABLE renamed ADD CONSTRAINT new_name NOT NULL id;
