CREATE TABLE base (id bigint, late int DEFAULT 1, CONSTRAINT base_late CHECK (late > 0));
CREATE TABLE other (id uuid, n int, a int DEFAULT 2, CONSTRAINT other_a CHECK (a > 1));
CREATE UNLOGGED TABLE alone (id uuid, a int, b text DEFAULT 'b');
CREATE UNLOGGED TABLE changing (own int, id uuid, n int, a int DEFAULT 3, CONSTRAINT other_a CHECK (a > 1))
  INHERITS (other);
CREATE TABLE joining (id uuid, n int, a int DEFAULT 2, CONSTRAINT other_a CHECK (a > 1)) INHERITS (other);

CREATE TABLE parted (a text, b int);
CREATE TABLE part (a text, b int) INHERITS (parted);
