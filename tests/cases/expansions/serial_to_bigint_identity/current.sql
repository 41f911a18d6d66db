CREATE TABLE item (id int PRIMARY KEY, n serial, note text);
