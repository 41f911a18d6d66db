CREATE TABLE fewer (id int PRIMARY KEY, a text, b text);
CREATE UNIQUE INDEX fewer_key ON fewer (a);
CREATE TABLE more (id int PRIMARY KEY, a text, b text);
CREATE UNIQUE INDEX more_key ON more (a, b);
CREATE TABLE plain (id int PRIMARY KEY, a text, b text);
CREATE UNIQUE INDEX plain_key ON plain (a, b DESC);
