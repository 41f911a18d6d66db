CREATE TABLE item (id int PRIMARY KEY, name text, note text, made timestamptz DEFAULT now(), state text NOT NULL DEFAULT 'new');
