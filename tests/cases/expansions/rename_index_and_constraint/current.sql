CREATE TABLE item (id int PRIMARY KEY, name text, CONSTRAINT filled CHECK (name <> ''));
CREATE INDEX by_name ON item (name);
