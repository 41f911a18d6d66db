CREATE TYPE e AS ENUM ('x', 'y');
CREATE DOMAIN d1 AS e NOT NULL;
CREATE DOMAIN d2 AS d1 CHECK (value::text <> 'y');
CREATE TYPE comp AS (a d2, b d2[]);
CREATE TABLE t (i int PRIMARY KEY, c comp, d d2, ds d1[]);
