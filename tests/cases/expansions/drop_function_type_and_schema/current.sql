CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE SCHEMA shop;
CREATE TYPE shop.state AS ENUM ('a');
CREATE FUNCTION shop.f() RETURNS shop.state LANGUAGE sql AS $$ SELECT 'a'::shop.state $$;
