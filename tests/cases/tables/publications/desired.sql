CREATE TABLE t (a int PRIMARY KEY, b text); CREATE TABLE u (a int); CREATE SCHEMA s; CREATE PUBLICATION p FOR TABLE t WHERE (a > 3), TABLES IN SCHEMA s WITH (publish = 'insert, update');
