CREATE FUNCTION one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';

CREATE TABLE base (id int, n int);
CREATE TABLE k1 (x int) INHERITS (base);
CREATE TABLE k2 (y int) INHERITS (base);
CREATE TABLE k12 () INHERITS (k1, k2);

CREATE TABLE c (a int, CONSTRAINT k CHECK (a > 0), CONSTRAINT f CHECK (one(a) > 0));
CREATE TABLE c1 (CONSTRAINT k CHECK (a > 0), CONSTRAINT f CHECK (one(a) > 0)) INHERITS (c);
CREATE TABLE c2 () INHERITS (c);
CREATE TABLE c12 () INHERITS (c1, c2);

CREATE TABLE left_one (id bigint, n text NOT NULL, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE moves (x int) INHERITS (left_one);

CREATE TABLE above (
  id int, b int, d int, e int NOT NULL,
  CONSTRAINT f CHECK (one(id) > 0), CONSTRAINT k CHECK (id > 0), CONSTRAINT v CHECK (id > 1)
);
CREATE TABLE stays_1 (d int) INHERITS (above);
CREATE TABLE stays_2 () INHERITS (above);
CREATE TABLE stays_12 () INHERITS (stays_1);
CREATE TABLE stays_22 () INHERITS (stays_2);
ALTER TABLE above ADD CONSTRAINT u CHECK (id > 2) NOT VALID;
-- a check that was never validated, older and younger than its children
CREATE TABLE u (a int, b int);
CREATE TABLE u1 () INHERITS (u);
CREATE TABLE u11 () INHERITS (u1);
ALTER TABLE u ADD CONSTRAINT a CHECK (a > 0) NOT VALID;
CREATE TABLE u2 () INHERITS (u);
COMMENT ON CONSTRAINT a ON u1 IS 'of u1';

CREATE TABLE held (id int, a int NOT NULL);
CREATE TABLE held_gone (x int, a int NOT NULL) INHERITS (held);
CREATE TABLE held_stays (x int, a int CONSTRAINT own NOT NULL) INHERITS (held);
CREATE TABLE held_only_inherits (x int) INHERITS (held);

-- a computed column that a child computes by itself as well
CREATE TABLE computes (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE computes_1 (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
ALTER TABLE computes_1 INHERIT computes;

CREATE TABLE checked (a int, CONSTRAINT k CHECK (a > 0));
