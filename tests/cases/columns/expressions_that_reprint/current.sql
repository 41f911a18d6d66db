CREATE TABLE t (s varchar(10), n numeric);
