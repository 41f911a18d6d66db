CREATE TABLE t (id int PRIMARY KEY,
  a varchar(20) NOT NULL -- migplan: backfill '0'
);
CREATE TABLE p (id int PRIMARY KEY,
  a int NOT NULL -- migplan: backfill 0
) PARTITION BY RANGE (id);
CREATE TABLE p_0 PARTITION OF p FOR VALUES FROM (0) TO (2000000000);
