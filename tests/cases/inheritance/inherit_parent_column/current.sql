CREATE TABLE a (id int PRIMARY KEY, n text NOT NULL DEFAULT 'q'); CREATE TABLE b (z int) INHERITS (a); CREATE TABLE c () INHERITS (b);
CREATE TABLE k (n bigint DEFAULT 3, m text); CREATE TABLE k1 (x int) INHERITS (k); CREATE TABLE k2 (y int) INHERITS (k1);

CREATE TABLE numbered (a int, b int GENERATED ALWAYS AS IDENTITY (START 5));
CREATE TABLE numbered_below () INHERITS (numbered);
INSERT INTO numbered (a) VALUES (1), (2);

CREATE TABLE was (id int PRIMARY KEY, a int REFERENCES a, n text DEFAULT 'q' NOT NULL, CONSTRAINT known CHECK (n <> ''));
CREATE TABLE heir (x int) INHERITS (was);
