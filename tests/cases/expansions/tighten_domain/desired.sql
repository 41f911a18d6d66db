CREATE DOMAIN title AS text CONSTRAINT filled CHECK (VALUE <> '');
CREATE TABLE item (id int PRIMARY KEY, name title);
