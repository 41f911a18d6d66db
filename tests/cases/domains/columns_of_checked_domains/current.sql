CREATE DOMAIN number AS int DEFAULT 0 NOT NULL;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
CREATE DOMAIN code AS short;
CREATE TABLE added (id int PRIMARY KEY);
CREATE TABLE renamed (id int PRIMARY KEY, a code UNIQUE);
CREATE TABLE retyped (id int PRIMARY KEY, a varchar(8) NOT NULL);
CREATE TABLE nothing (id int PRIMARY KEY);
CREATE TABLE filled (id int PRIMARY KEY);
-- values without an equality operator
CREATE DOMAIN document AS json;
CREATE TYPE documented AS (n int, content document);
CREATE TABLE compared (id int PRIMARY KEY, a document, b text, c documented);

CREATE FUNCTION is_word(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 NOT LIKE '% %' $$;
CREATE DOMAIN word AS text CHECK (is_word(VALUE));
CREATE TABLE words (id int PRIMARY KEY, a word, b word[]);
