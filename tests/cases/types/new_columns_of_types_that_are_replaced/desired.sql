CREATE TYPE mood AS ENUM ('a', 'x', 'b');
CREATE DOMAIN dm AS mood;
CREATE TABLE item (id int PRIMARY KEY, n int, m mood DEFAULT 'a', l mood[], d dm);
CREATE TABLE other (id int PRIMARY KEY, m mood);
