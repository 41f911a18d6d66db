CREATE DOMAIN number AS int DEFAULT 0 NOT NULL;
CREATE DOMAIN short AS text CHECK (length(VALUE) < 9);
CREATE DOMAIN code AS short;
CREATE TABLE added (id int PRIMARY KEY, a short, b short NOT NULL DEFAULT 'none', c information_schema.cardinal_number);
CREATE TABLE renamed (id int PRIMARY KEY,
  -- migplan: renamed-from a
  b code CONSTRAINT renamed_a_key UNIQUE
);
CREATE TABLE retyped (id int PRIMARY KEY, a short NOT NULL);
CREATE TABLE nothing (id int PRIMARY KEY, a short NOT NULL);
CREATE TABLE filled (id int PRIMARY KEY, a number NOT NULL, b number);
CREATE DOMAIN document AS json;
CREATE TYPE documented AS (n int, content document);
CREATE TABLE compared (id int PRIMARY KEY, a text, b document,
  -- migplan: renamed-from c
  d documented
);

-- arrays of a domain whose check calls a function
CREATE FUNCTION is_mail(text) RETURNS boolean IMMUTABLE LANGUAGE sql AS $$ SELECT $1 LIKE '%@%' $$;
CREATE DOMAIN mail AS text CHECK (is_mail(VALUE));
CREATE TABLE mails (id int PRIMARY KEY, a mail, b mail[]);
