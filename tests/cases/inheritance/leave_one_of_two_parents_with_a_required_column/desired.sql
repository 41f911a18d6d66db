CREATE TABLE base1 (x bigint NOT NULL, y text); CREATE TABLE base2 (x bigint, z int DEFAULT 4);
CREATE TABLE heir (own int, y text DEFAULT 'h') INHERITS (base2);
