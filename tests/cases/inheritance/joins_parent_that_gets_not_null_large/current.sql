CREATE TABLE p (id int, a int);
CREATE TABLE m (id int, a int);
CREATE TABLE c (b int) INHERITS (m);
CREATE TABLE x (id int, a int, b int) PARTITION BY LIST (id);
CREATE TABLE y (id int, a int, b int) PARTITION BY LIST (a);
CREATE TABLE z PARTITION OF y FOR VALUES IN (1);
CREATE TABLE j (id int, b text);
