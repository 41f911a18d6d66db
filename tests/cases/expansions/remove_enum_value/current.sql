CREATE TYPE kind AS ENUM ('a', 'b', 'c');
CREATE TABLE item (id int PRIMARY KEY, name text, kind kind DEFAULT 'a');
CREATE TABLE dropped (id int PRIMARY KEY, kind kind);
