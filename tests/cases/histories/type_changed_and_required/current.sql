CREATE TABLE variable (id int PRIMARY KEY, name text NOT NULL, value jsonb, size int);
CREATE INDEX variable_size ON variable (size);
