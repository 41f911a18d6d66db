CREATE TABLE job (id int PRIMARY KEY, note text, status text NOT NULL);
