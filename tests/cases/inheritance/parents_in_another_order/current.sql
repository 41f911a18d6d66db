CREATE TABLE a (x int, p int); CREATE TABLE b (x int, q int); CREATE TABLE c (x int, CHECK (x > 0));
CREATE TABLE heir (own int) INHERITS (a, b, c);
CREATE TABLE two (own int) INHERITS (a, b);
CREATE TABLE three (own int) INHERITS (a, b);
