CREATE TABLE t (a int CONSTRAINT must NOT NULL, b int CONSTRAINT bnn NOT NULL NO INHERIT); CREATE TABLE ch () INHERITS (t);
CREATE TABLE renamed (id int);
-- migplan: renamed-from old_name
ALTER TABLE renamed ADD CONSTRAINT new_name NOT NULL id;
CREATE TABLE numbered (id int NOT NULL, b int CONSTRAINT numbered_b_not_null7 NOT NULL, c int CONSTRAINT numbered_c_not_null3 NOT NULL);
CREATE TABLE numbered_new (id int CONSTRAINT numbered_new_id_not_null1 NOT NULL);
CREATE TABLE handed (b int, a uuid) PARTITION BY HASH (b);
CREATE TABLE handed_1 PARTITION OF handed FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE handed_1 ADD CONSTRAINT x NOT NULL b;
CREATE TABLE passed_on (b int, a uuid) PARTITION BY HASH (b);
CREATE TABLE passed_on_1 PARTITION OF passed_on FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE passed_on_1 ADD CONSTRAINT x NOT NULL b;
CREATE TABLE exchanged (a int CONSTRAINT z NOT NULL, b int CONSTRAINT x NOT NULL, c int CONSTRAINT y NOT NULL);
CREATE TABLE exchanged_below (a int CONSTRAINT y NOT NULL, b int CONSTRAINT x NOT NULL) PARTITION BY LIST (a);
CREATE TABLE exchanged_below_1 PARTITION OF exchanged_below FOR VALUES IN (1) PARTITION BY LIST (b);
CREATE TABLE exchanged_below_1_1 PARTITION OF exchanged_below_1 DEFAULT;
