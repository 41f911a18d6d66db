CREATE TABLE event (id bigint, day date NOT NULL, amount bigint DEFAULT 5, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE event_early PARTITION OF event FOR VALUES FROM (MINVALUE) TO ('2026-05-01');
CREATE TABLE event_late PARTITION OF event FOR VALUES FROM ('2026-05-01') TO (MAXVALUE);
CREATE INDEX event_amount ON event (amount);
CREATE FUNCTION total() RETURNS numeric LANGUAGE plpgsql AS $$ BEGIN RETURN (SELECT sum(amount) FROM event); END $$;
CREATE TABLE mark (bits bit varying, day date, PRIMARY KEY (bits, day)) PARTITION BY RANGE (day);
CREATE TABLE mark_all PARTITION OF mark DEFAULT;
