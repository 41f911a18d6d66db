CREATE TABLE item (id int PRIMARY KEY, name text, span int4range, CONSTRAINT apart EXCLUDE USING gist (span WITH &&));
