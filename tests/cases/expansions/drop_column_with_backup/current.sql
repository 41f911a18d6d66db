CREATE TABLE item (id int PRIMARY KEY, name text, kind text NOT NULL, place text NOT NULL DEFAULT 'here');
