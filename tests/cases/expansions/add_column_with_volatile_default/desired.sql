CREATE TABLE item (id int PRIMARY KEY, name text, code double precision NOT NULL DEFAULT random());
CREATE TABLE part () INHERITS (item);
CREATE TABLE piece () INHERITS (part);
ALTER TABLE part ALTER code DROP DEFAULT;
