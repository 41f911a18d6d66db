CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TYPE size AS (width int);
CREATE FUNCTION area(size) RETURNS int LANGUAGE sql AS 'SELECT ($1).width';
