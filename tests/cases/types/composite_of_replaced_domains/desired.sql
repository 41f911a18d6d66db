CREATE TYPE e AS ENUM ('x', 'z', 'y');
CREATE DOMAIN d1 AS e;
CREATE DOMAIN d2 AS d1 CHECK (value::text <> 'z') DEFAULT 'x';
CREATE TYPE comp AS (a d2, b d2[], c int);
CREATE TABLE t (i int PRIMARY KEY, c comp, d d2, ds d1[], e e);
