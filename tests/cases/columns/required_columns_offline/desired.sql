CREATE TABLE t (id int PRIMARY KEY,
  a text NOT NULL, -- migplan: backfill 'none'
  b int NOT NULL -- migplan: backfill id * 2
);
CREATE TABLE p (id int PRIMARY KEY,
  a text NOT NULL, -- migplan: backfill 'none'
  b int NOT NULL -- migplan: backfill id * 2
) PARTITION BY RANGE (id);
CREATE TABLE p_0 PARTITION OF p FOR VALUES FROM (0) TO (100);
CREATE TABLE nothing (id int PRIMARY KEY, b int NOT NULL);
CREATE TABLE up (id int, b text);
