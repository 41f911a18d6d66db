CREATE TABLE item (id int PRIMARY KEY, amount text NOT NULL DEFAULT '0', note text);
