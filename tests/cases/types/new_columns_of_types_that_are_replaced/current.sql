CREATE TYPE mood AS ENUM ('b', 'a');
CREATE DOMAIN dm AS mood;
CREATE TABLE item (id int PRIMARY KEY, n int);
CREATE TABLE other (id int PRIMARY KEY, m mood);
