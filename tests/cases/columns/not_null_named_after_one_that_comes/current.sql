CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL);
ALTER TABLE t RENAME COLUMN name TO name_cached;
CREATE TABLE parent (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE heir () INHERITS (parent);
ALTER TABLE parent RENAME COLUMN name TO name_cached;
