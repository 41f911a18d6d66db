CREATE TYPE e AS ENUM ('x', 'y');
CREATE DOMAIN d1 AS e NOT NULL;
CREATE DOMAIN d2 AS d1 CHECK (value::text <> 'y');
CREATE TYPE comp AS (a d2, b d2[]);
CREATE TABLE t (i int PRIMARY KEY, c comp, d d2, ds d1[]);
-- two types exchange their names, one of which holds the other
CREATE TYPE inside AS (v text, b date);
CREATE TYPE outside AS (u int, m inside);
CREATE TYPE low AS ENUM ('a', 'b');
CREATE TYPE high AS ENUM ('c', 'd');
CREATE TABLE exchanged (a inside, m outside[], l low, h high[] DEFAULT '{c}');
