CREATE TABLE item (id int PRIMARY KEY, name text DEFAULT 'none', kind text DEFAULT 'b', place text);
