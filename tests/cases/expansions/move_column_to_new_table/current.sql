CREATE TABLE person (id int PRIMARY KEY, name text, phone text, nick text NOT NULL);
