CREATE TABLE item (id int PRIMARY KEY, name text, code double precision NOT NULL DEFAULT random());
