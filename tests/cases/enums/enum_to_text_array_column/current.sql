CREATE TYPE st AS ENUM ('a');
CREATE TABLE t (arr st[] DEFAULT '{a}');
