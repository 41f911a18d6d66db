CREATE TABLE kept (at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE kept_2021 PARTITION OF kept FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
-- migplan: values huge => large
CREATE TYPE size AS ENUM ('small', 'large');
CREATE FUNCTION fits(n int, VARIADIC sizes size[]) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN n > 0; END';
CREATE FUNCTION half(b int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 / 2';
CREATE TABLE fitted (id int PRIMARY KEY, size size, CHECK (fits(id, 'small', 'large')));
CREATE TABLE config (name text PRIMARY KEY);
CREATE TABLE server (id int PRIMARY KEY);
-- migplan: values b => a
CREATE TYPE state AS ENUM ('a');
CREATE TABLE kept_state (id int PRIMARY KEY, s state);
CREATE TABLE joined (id int, at date, PRIMARY KEY (id, at));
