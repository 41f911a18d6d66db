CREATE TABLE t (a int); CREATE TABLE l (a int);
