CREATE COLLATION c (provider = icu, locale = 'sv');
CREATE TABLE t (id int PRIMARY KEY, a text COLLATE c);
CREATE INDEX i ON t (a);
