CREATE TABLE named (id int, name varchar(10)) PARTITION BY LIST (id);
CREATE TABLE named_1 PARTITION OF named FOR VALUES IN (1);
CREATE INDEX by_name ON named (name);
