CREATE TABLE item (id int PRIMARY KEY, name text, length int GENERATED ALWAYS AS (length(name)) STORED);
