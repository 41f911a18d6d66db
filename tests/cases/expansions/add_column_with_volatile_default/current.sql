CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE part () INHERITS (item);
CREATE TABLE piece () INHERITS (part);
