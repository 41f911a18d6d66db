CREATE TYPE mood AS ENUM ('a','b');
CREATE DOMAIN dmood AS mood;
CREATE DOMAIN ddmood AS dmood;
CREATE TABLE t (id int PRIMARY KEY, m mood, 
  -- migplan: renamed-from n
  n2 dmood, o dmood, p dmood, q dmood, s mood[],
  c dmood -- migplan: using p
  );
CREATE TABLE k (d dmood PRIMARY KEY, x bigint, 
  -- migplan: renamed-from y
  z int);
