CREATE COLLATION c (provider = icu, locale = 'de');
CREATE TABLE t (id int PRIMARY KEY, a text COLLATE c);
CREATE INDEX i ON t (a);
