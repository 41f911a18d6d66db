CREATE TABLE t (arr text[] DEFAULT '{a}');
