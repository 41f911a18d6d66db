CREATE TABLE item (id int PRIMARY KEY, name text, length int NOT NULL);
