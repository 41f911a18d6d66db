CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE MATERIALIZED VIEW counts AS SELECT length(name) + 1 AS n, count(*) AS total FROM item GROUP BY 1;
CREATE UNIQUE INDEX counts_n ON counts (n);
