CREATE TABLE p (id int, b int NOT NULL, c int) PARTITION BY LIST (id);
CREATE TABLE p_1 PARTITION OF p FOR VALUES IN (1) PARTITION BY LIST (id);
CREATE TABLE p_1_1 PARTITION OF p_1 DEFAULT;
CREATE TABLE p_2 PARTITION OF p DEFAULT;
ALTER TABLE p_1 ALTER c SET NOT NULL;

CREATE TABLE tighter (id int, b int NOT NULL, c int NOT NULL) PARTITION BY LIST (id);
CREATE TABLE tighter_leaves (id int);

CREATE TABLE no_count (x int, id int NOT NULL DEFAULT 1);
CREATE TABLE no_count_1 () INHERITS (no_count);
CREATE TABLE counts (x int);
CREATE TABLE takes_over (id int);
CREATE SEQUENCE counts_id_seq AS int OWNED BY takes_over.id;
ALTER TABLE takes_over ALTER id SET DEFAULT nextval('counts_id_seq');
CREATE TABLE counts_1 (id int NOT NULL DEFAULT nextval('counts_id_seq'), y int) INHERITS (counts);
CREATE TABLE takes_all (id int);
CREATE SEQUENCE goes_id_seq AS int OWNED BY takes_all.id;
ALTER TABLE takes_all ALTER id SET DEFAULT nextval('goes_id_seq');
CREATE TABLE is_left (id int NOT NULL DEFAULT nextval('goes_id_seq'), y int);
