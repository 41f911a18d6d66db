CREATE COLLATION nd (provider = libc, locale = 'C'); CREATE TABLE t (a text COLLATE nd UNIQUE, d tsvector); CREATE TEXT SEARCH CONFIGURATION en (COPY = english); CREATE INDEX td ON t USING gin (d);
