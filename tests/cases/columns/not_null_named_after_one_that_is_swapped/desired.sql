CREATE TABLE t (
  id int PRIMARY KEY,
  country int CONSTRAINT t_country_not_null1 NOT NULL,
  -- migplan: backfill ''
  country_old text CONSTRAINT t_country_not_null NOT NULL,
  a int CONSTRAINT three NOT NULL,
  b text CONSTRAINT one NOT NULL
);
