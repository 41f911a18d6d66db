CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL); CREATE UNIQUE INDEX i ON t (b);
-- one that comes in the same plan, and one that goes
CREATE TABLE s (a int PRIMARY KEY, b int NOT NULL);
CREATE TABLE u (a int NOT NULL, b int NOT NULL); CREATE UNIQUE INDEX u_a ON u (a);
ALTER TABLE u REPLICA IDENTITY USING INDEX u_a;
