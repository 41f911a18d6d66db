CREATE FUNCTION one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE ref (id int PRIMARY KEY);

-- new partitions on two levels, and a default one
CREATE TABLE p (a int NOT NULL, b int NOT NULL, c text) PARTITION BY RANGE (a);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM (0) TO (10) PARTITION BY LIST (b);
CREATE TABLE p11 PARTITION OF p1 FOR VALUES IN (1);

-- one of three is dropped, one split
CREATE TABLE s (a int NOT NULL, b int, gone int CHECK (gone > 0), CONSTRAINT k CHECK (b > 0)) PARTITION BY RANGE (a);
CREATE TABLE s1 PARTITION OF s FOR VALUES FROM (0) TO (10);
CREATE TABLE s2 PARTITION OF s FOR VALUES FROM (10) TO (30);
CREATE TABLE s4 PARTITION OF s FOR VALUES FROM (40) TO (50);
COMMENT ON CONSTRAINT k ON s1 IS 'of s1';

-- the same text, but of another function
CREATE TABLE f (a int, CONSTRAINT k CHECK (one(a) > 0)) PARTITION BY LIST (a);
CREATE TABLE f1 PARTITION OF f FOR VALUES IN (1);
COMMENT ON CONSTRAINT k ON f1 IS 'of f1';

-- one becomes a table of its own
CREATE TABLE l (a int, b int CONSTRAINT old CHECK (b > 0)) PARTITION BY LIST (a);
CREATE TABLE l1 PARTITION OF l FOR VALUES IN (1);
CREATE TABLE l2 PARTITION OF l FOR VALUES IN (2);

-- what a changed check is over changes as well
CREATE TABLE m (a int, b text, CONSTRAINT k CHECK (a > 0)) PARTITION BY LIST (b);
CREATE TABLE m1 PARTITION OF m FOR VALUES IN ('1');
CREATE TABLE m2 PARTITION OF m FOR VALUES IN ('2');

-- a foreign key that comes with the parent, before what it refers to and beside one that the table had
CREATE TABLE r (id int REFERENCES ref) PARTITION BY LIST (id);
CREATE TABLE r1 (id int);
CREATE TABLE r3 (id int CONSTRAINT own REFERENCES ref);
ALTER TABLE r ATTACH PARTITION r3 FOR VALUES IN (3);

-- a check is not valid above and valid below, and takes the name of a key
CREATE TABLE v (a int, b int, CONSTRAINT k CHECK (a > 0), CONSTRAINT u UNIQUE (b, a)) PARTITION BY LIST (b);
CREATE TABLE v1 PARTITION OF v FOR VALUES IN (1);

-- one that leaves is numbered by itself
CREATE TABLE n (id int, b int) PARTITION BY LIST (b);
CREATE TABLE n1 PARTITION OF n FOR VALUES IN (1);
-- what a partition has alone, its parent gets as well, and the reverse
CREATE TABLE o (a int, b int, CONSTRAINT all_of_o CHECK (b > 0)) PARTITION BY LIST (a);
CREATE TABLE o1 PARTITION OF o (CONSTRAINT own CHECK (b < 9)) FOR VALUES IN (1);
CREATE TABLE o2 PARTITION OF o FOR VALUES IN (2) PARTITION BY LIST (a);
CREATE TABLE o21 PARTITION OF o2 FOR VALUES IN (2);
COMMENT ON CONSTRAINT own ON o1 IS 'of o1';

-- what leaves takes no part of its former parent's new keys along, whether it has such ones of its own or not
CREATE TABLE w (id int, b int) PARTITION BY LIST (b);
CREATE TABLE w1 PARTITION OF w FOR VALUES IN (1);
CREATE TABLE w2 PARTITION OF w FOR VALUES IN (2) PARTITION BY LIST (b);
CREATE TABLE w21 PARTITION OF w2 FOR VALUES IN (2);

-- what joins has the parent's foreign key in its new form already
CREATE TABLE y (a int, b int CONSTRAINT fk REFERENCES ref ON DELETE CASCADE) PARTITION BY LIST (a);
CREATE TABLE y1 PARTITION OF y FOR VALUES IN (1);
CREATE TABLE y2 (a int, b int CONSTRAINT fk REFERENCES ref);

-- what a partition keeps of its parent's calls a function that is replaced, and the reverse
CREATE FUNCTION fine(i int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT i > 0';
CREATE TABLE z (a int, b int, CONSTRAINT kept CHECK (fine(a))) PARTITION BY LIST (b);
CREATE TABLE z1 PARTITION OF z FOR VALUES IN (1);
CREATE TABLE z2 PARTITION OF z FOR VALUES IN (2);
ALTER TABLE z1 ADD CONSTRAINT passed_on CHECK (fine(b));
