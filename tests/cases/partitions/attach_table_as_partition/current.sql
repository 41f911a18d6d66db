CREATE TABLE p (a int NOT NULL, b text) PARTITION BY RANGE (a); CREATE TABLE p1 (b text, a int NOT NULL);
