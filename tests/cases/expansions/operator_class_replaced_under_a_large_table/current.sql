CREATE TYPE mood AS ENUM ('a', 'b');
CREATE FUNCTION mood_hash(mood) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE FUNCTION mood_eq(mood, mood) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1::text = $2::text';
CREATE OPERATOR === (LEFTARG = mood, RIGHTARG = mood, FUNCTION = mood_eq);
CREATE OPERATOR CLASS m_ops FOR TYPE mood USING hash AS FUNCTION 1 mood_hash(mood), OPERATOR 1 ===;
CREATE TABLE t (id int, v mood);
CREATE INDEX i ON t USING hash (v m_ops);
