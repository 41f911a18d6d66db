CREATE TABLE added (id int PRIMARY KEY);
CREATE TABLE retyped (id int PRIMARY KEY, a text);

CREATE FUNCTION is_word(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 IS NULL OR $1 NOT LIKE '% %' $$;
CREATE DOMAIN word AS text CHECK (is_word(VALUE));
CREATE DOMAIN short_word AS word CHECK (length(VALUE) < 9);
CREATE TABLE goes (id int PRIMARY KEY, a short_word);
