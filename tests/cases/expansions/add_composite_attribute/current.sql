CREATE TYPE size AS (width int);
CREATE TABLE item (id int PRIMARY KEY, name text, size size, others size[]);
CREATE FUNCTION area(size) RETURNS int LANGUAGE sql AS 'SELECT ($1).width';
