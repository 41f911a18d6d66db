CREATE TABLE item (id int PRIMARY KEY, name varchar(40) CHECK (name <> ''), price numeric(12,2));
