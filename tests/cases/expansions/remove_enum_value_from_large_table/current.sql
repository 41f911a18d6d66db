CREATE TYPE kind AS ENUM ('a', 'b', 'c');
CREATE TABLE item (id int PRIMARY KEY, name text, kind kind DEFAULT 'a');
CREATE FUNCTION finish(n int, held kind, at date) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE item SET kind = held WHERE id = n; END';
CREATE FUNCTION finish_all(held kind) RETURNS void LANGUAGE plpgsql AS 'BEGIN UPDATE item SET kind = held; END';
