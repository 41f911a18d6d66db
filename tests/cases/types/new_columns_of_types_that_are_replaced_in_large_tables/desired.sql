-- migplan: values b => a
CREATE TYPE mood AS ENUM ('a', 'x');

CREATE TABLE item (id int PRIMARY KEY, n int, m mood DEFAULT 'a', l mood[]);
CREATE TABLE other (id int PRIMARY KEY, m mood);
