CREATE TABLE a (id int PRIMARY KEY, n text NOT NULL DEFAULT 'q', extra int CHECK (extra > 0)); CREATE TABLE b (z int) INHERITS (a); CREATE TABLE c () INHERITS (b);
