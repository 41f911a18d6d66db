CREATE TABLE item (id int PRIMARY KEY, name text, kind text DEFAULT 'a', place text DEFAULT 'here');
