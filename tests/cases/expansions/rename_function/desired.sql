CREATE TABLE item (id int PRIMARY KEY, name text);
-- migplan: renamed-from called
CREATE FUNCTION name_of(int) RETURNS text LANGUAGE sql STABLE AS 'SELECT name FROM item WHERE id = $1';
