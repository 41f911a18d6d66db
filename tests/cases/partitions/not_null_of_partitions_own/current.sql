CREATE TABLE p (id int, b int, c int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (id);
CREATE TABLE p_1_1 PARTITION OF p_1 DEFAULT;
CREATE TABLE p_2 PARTITION OF p DEFAULT;
ALTER TABLE p_1 ALTER b SET NOT NULL;

CREATE TABLE tighter (id int, b int, c int) PARTITION BY LIST (id);
CREATE TABLE tighter_leaves PARTITION OF tighter DEFAULT;
ALTER TABLE tighter_leaves ALTER b SET NOT NULL;

-- NOT NULLs that are handed down, or were
CREATE TABLE no_count (x int);
CREATE TABLE no_count_1 (id int NOT NULL) INHERITS (no_count);
CREATE TABLE counts (id serial, x int);
CREATE TABLE counts_1 (y int) INHERITS (counts);
CREATE TABLE goes (id serial);
CREATE TABLE is_left (y int) INHERITS (goes);
