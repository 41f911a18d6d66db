CREATE DOMAIN title AS text;
CREATE TABLE item (id int PRIMARY KEY, name title);
