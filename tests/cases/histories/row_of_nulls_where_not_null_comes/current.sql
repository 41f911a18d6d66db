CREATE TYPE pair AS (a int, b int);
CREATE TABLE holder (id int PRIMARY KEY, held pair, loose pair NOT NULL);
