CREATE TABLE event (id int, day date NOT NULL, amount int DEFAULT 5, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE event_early PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2026-05-01');
CREATE TABLE event_late PARTITION OF event FOR VALUES FROM ('2026-05-01') TO (MAXVALUE);
CREATE INDEX event_amount ON event (amount);
CREATE FUNCTION total() RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(amount) FROM event); END $$;
-- to a type to which there is no cast, but by way of text
CREATE TABLE mark (bits int, day date, PRIMARY KEY (bits, day)) PARTITION BY RANGE (day);
CREATE TABLE mark_all PARTITION OF mark DEFAULT;
-- no row would be written, but every index of a partition built again
CREATE TABLE named (id int PRIMARY KEY, name varchar(10)) PARTITION BY HASH (id);
CREATE TABLE named_all PARTITION OF named FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE INDEX by_name ON named (name);
CREATE TABLE tick (id serial PRIMARY KEY, b int NOT NULL);
