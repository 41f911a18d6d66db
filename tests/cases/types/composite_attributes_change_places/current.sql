CREATE TYPE place AS (x integer, y integer, name text);
CREATE TABLE spots (id integer PRIMARY KEY, at place);
CREATE FUNCTION where_is(integer) RETURNS text LANGUAGE sql AS 'SELECT (s.at).name || '' '' || (s.at).x FROM public.spots s WHERE id = $1';
