CREATE TABLE variable (id int PRIMARY KEY, name text NOT NULL, value jsonb, size int);
CREATE INDEX variable_size ON variable (size);
CREATE TABLE in_place (id int PRIMARY KEY, a bigint);
