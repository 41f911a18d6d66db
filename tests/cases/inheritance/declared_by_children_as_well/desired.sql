CREATE FUNCTION one(int) RETURNS bigint IMMUTABLE LANGUAGE sql AS 'SELECT $1::bigint';

CREATE TABLE base (
  id int,
  n int,
  m int DEFAULT 1 CHECK (m > 0),
  o int NOT NULL DEFAULT 3,
  p int NOT NULL DEFAULT 4
);
CREATE TABLE k1 (x int, m int DEFAULT 2, o int DEFAULT 5, p int NOT NULL DEFAULT 6) INHERITS (base);
CREATE TABLE k2 (y int) INHERITS (base);
CREATE TABLE k12 (m int DEFAULT 3, o int DEFAULT 7, p int DEFAULT 8) INHERITS (k1, k2);

CREATE TABLE c (a int, CONSTRAINT k CHECK (a > 1), CONSTRAINT f CHECK (one(a) > 0));
CREATE TABLE c1 (CONSTRAINT k CHECK (a > 1), CONSTRAINT f CHECK (one(a) > 0)) INHERITS (c);
CREATE TABLE c2 () INHERITS (c);
CREATE TABLE c12 () INHERITS (c1, c2);

CREATE TABLE joined_one (id bigint, n text NOT NULL, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE moves (x int) INHERITS (joined_one);

-- what the parent loses stays where children declare it from here on
CREATE TABLE above (id int);
CREATE TABLE stays_1 (b int, d int, CONSTRAINT f CHECK (one(id) > 0), CONSTRAINT k CHECK (id > 0)) INHERITS (above);
CREATE TABLE stays_2 (e int NOT NULL, CONSTRAINT k CHECK (id > 0)) INHERITS (above);
CREATE TABLE stays_12 () INHERITS (stays_1);
CREATE TABLE stays_22 (b int, CONSTRAINT v CHECK (id > 1)) INHERITS (stays_2);
ALTER TABLE stays_2 ADD CONSTRAINT u CHECK (id > 2) NOT VALID;
COMMENT ON CONSTRAINT k ON stays_1 IS 'its own';
CREATE TABLE u (a int, b int);
CREATE TABLE u1 () INHERITS (u);
CREATE TABLE u11 () INHERITS (u1);
CREATE TABLE u2 () INHERITS (u);
CREATE TABLE u3 () INHERITS (u);
ALTER TABLE u ADD CONSTRAINT a CHECK (a > 0) NOT VALID, ADD CONSTRAINT b CHECK (b > 0) NOT VALID;
COMMENT ON CONSTRAINT a ON u1 IS 'of u1';
COMMENT ON CONSTRAINT b ON u11 IS 'of u11';

CREATE TABLE held (id int);
CREATE TABLE held_stays (x int) INHERITS (held);

CREATE TABLE computes (a int, b int GENERATED ALWAYS AS (a * 2) STORED);
CREATE TABLE computes_1 (a int, b int GENERATED ALWAYS AS (a * 2) STORED, c int);
ALTER TABLE computes_1 INHERIT computes;
CREATE TABLE computes_2 (a int, b int GENERATED ALWAYS AS (a * 2) STORED, d text);
ALTER TABLE computes_2 INHERIT computes;

-- a new child describes the check that its parent has already
CREATE TABLE checked (a int, CONSTRAINT k CHECK (a > 0));
CREATE TABLE checked_1 (x int, CONSTRAINT k CHECK (a > 0)) INHERITS (checked);
COMMENT ON CONSTRAINT k ON checked_1 IS 'of checked_1';
