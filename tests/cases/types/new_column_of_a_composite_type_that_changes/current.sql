CREATE TYPE addr AS (street text, zip int);
CREATE TABLE item (id int PRIMARY KEY, n int);
