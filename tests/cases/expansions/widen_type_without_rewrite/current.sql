CREATE TABLE item (id int PRIMARY KEY, name varchar(20) CHECK (name <> ''), price numeric(8,2));
