CREATE TABLE a (id int PRIMARY KEY, n text NOT NULL DEFAULT 'q'); CREATE TABLE b (z int) INHERITS (a); CREATE TABLE c (id int NOT NULL, n text DEFAULT 'q' NOT NULL, z int) ;
