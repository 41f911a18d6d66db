CREATE TYPE mood AS ENUM ('a','b');
CREATE DOMAIN dmood AS mood;
CREATE DOMAIN ddmood AS dmood;
CREATE TABLE t (id int PRIMARY KEY, m dmood, n dmood, o mood, p dmood, q ddmood, s dmood[]);
CREATE TABLE k (d dmood PRIMARY KEY, x int, y int);
