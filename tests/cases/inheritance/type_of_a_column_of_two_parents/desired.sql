CREATE TABLE base1 (x int, y text); CREATE TABLE base2 (x int, z int);
CREATE TABLE heir (own int, x int) INHERITS (base1, base2);
