CREATE TYPE place AS (x integer, y integer, name text);
CREATE TABLE spots (id integer PRIMARY KEY, at place[]);
