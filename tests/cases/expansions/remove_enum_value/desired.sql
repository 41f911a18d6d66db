-- migplan: values b => c
CREATE TYPE kind AS ENUM ('a', 'c');
CREATE TABLE item (id int PRIMARY KEY, name text, kind kind DEFAULT 'a');
