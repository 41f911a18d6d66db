CREATE TABLE item (id int PRIMARY KEY, amount text NOT NULL DEFAULT '0', note text);
CREATE TABLE message (id int PRIMARY KEY, body jsonb NOT NULL, packed bytea, tags text[]);
