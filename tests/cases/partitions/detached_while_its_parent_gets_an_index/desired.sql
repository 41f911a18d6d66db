CREATE TABLE part (id int, d date, PRIMARY KEY (id, d)) PARTITION BY LIST (id);
CREATE TABLE part_b PARTITION OF part FOR VALUES IN (2) PARTITION BY RANGE (d);
CREATE TABLE part_b1 PARTITION OF part_b FOR VALUES FROM ('2020-01-01') TO (MAXVALUE);
CREATE TABLE part_a (id int, d date, PRIMARY KEY (id, d));
CREATE INDEX part_d ON part (d);
CREATE INDEX part_a_d ON part_a (d);
