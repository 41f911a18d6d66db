-- a row of NULLs isn't NULL
CREATE TYPE pair AS (a int, b int);
CREATE TABLE holder (
  id int PRIMARY KEY,
  -- migplan: backfill ROW(0, 0)::pair
  held pair NOT NULL,
  loose pair
);
