CREATE TYPE addr AS (street text, zip bigint);
CREATE TABLE item (id int PRIMARY KEY, n int, a addr);
