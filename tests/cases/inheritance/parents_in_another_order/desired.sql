CREATE TABLE a (x int, p int); CREATE TABLE b (x int, q int); CREATE TABLE c (x int, CHECK (x > 0));
CREATE TABLE heir (own int) INHERITS (c, a, b);
CREATE TABLE two (own int) INHERITS (c, b);
CREATE TABLE three (x int, p int, q int, own int, CONSTRAINT c_x_check CHECK (x > 0)) INHERITS (c, a);
