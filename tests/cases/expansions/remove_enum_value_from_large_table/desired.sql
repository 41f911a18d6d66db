-- migplan: values b => c
CREATE TYPE kind AS ENUM ('a', 'c');
CREATE TABLE item (id int PRIMARY KEY, name text, kind kind DEFAULT 'a');
CREATE FUNCTION finish(n int, held kind) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE item SET kind = held WHERE id = n; END';
CREATE FUNCTION finish_all(held kind) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE item SET kind = held; END';
