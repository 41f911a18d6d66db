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
CREATE TABLE counted (id bigint PRIMARY KEY, since bigint);
CREATE UNIQUE INDEX counted_once ON counted (since);
-- migplan: values x => a
CREATE TYPE own_state AS ENUM ('a', 'b');
CREATE TABLE owned_state (id int PRIMARY KEY, s own_state);
CREATE TABLE other_state (id int PRIMARY KEY, s own_state);
CREATE TABLE coded (id text PRIMARY KEY);
