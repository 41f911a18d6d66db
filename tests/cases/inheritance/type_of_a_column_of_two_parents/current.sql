CREATE TABLE base1 (x bigint, y text); CREATE TABLE base2 (x bigint, z int);
CREATE TABLE heir (own int, x bigint) INHERITS (base1, base2);
