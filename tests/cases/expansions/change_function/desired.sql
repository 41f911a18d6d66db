CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE FUNCTION called(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT upper(name) FROM item WHERE id = $1';
