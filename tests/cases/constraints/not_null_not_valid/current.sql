CREATE TABLE t (a int);

-- a partition that is made later has a valid one beside its parent's, until now or from here on
CREATE TABLE loosened (a int, k int) PARTITION BY LIST (k);
ALTER TABLE loosened ADD CONSTRAINT loosened_a NOT NULL a NOT VALID;
CREATE TABLE loosened_1 PARTITION OF loosened FOR VALUES IN (1);
CREATE TABLE tightened (a int, k int) PARTITION BY LIST (k);
CREATE TABLE tightened_1 PARTITION OF tightened FOR VALUES IN (1);
CREATE TABLE earlier (a int, k int) PARTITION BY LIST (k);
CREATE TABLE earlier_1 PARTITION OF earlier FOR VALUES IN (1);
ALTER TABLE earlier ADD CONSTRAINT earlier_a NOT NULL a NOT VALID;
