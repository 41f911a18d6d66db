CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE FUNCTION called(int, int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM item WHERE id = $1';
