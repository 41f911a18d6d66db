CREATE TABLE t (id int PRIMARY KEY,
  a varchar(20) NOT NULL -- migplan: backfill '0'
);
