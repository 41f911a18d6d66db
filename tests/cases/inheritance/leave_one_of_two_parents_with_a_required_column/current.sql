CREATE TABLE base1 (x bigint NOT NULL, y text); CREATE TABLE base2 (x bigint, z int);
CREATE TABLE heir (own int, y text DEFAULT 'h') INHERITS (base1, base2);
