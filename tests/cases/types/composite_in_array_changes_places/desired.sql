CREATE TYPE place AS (y integer, x integer, name text, height numeric);
CREATE TABLE spots (id integer PRIMARY KEY, at place[]);
