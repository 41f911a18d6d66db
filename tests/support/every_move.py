"""A schema, its rows and its successor: the plan between them takes rows and values from one place to another in every
way there is."""

from __future__ import annotations

CONFIG = '[planning]\nsmall_table_rows = 0\nbatch_rows = 100\nlock_timeout = 500\nbackup = "table"\n'
WRITTEN = """
UPDATE event SET note = 'changed' WHERE id = 1;
INSERT INTO event SELECT g, 'came later' FROM generate_series(2001, 2150) g;
UPDATE reading SET value = -1 WHERE id = 1;
UPDATE contact SET phone = NULL WHERE person = 1;
"""
OLD = """
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE TABLE person (id int PRIMARY KEY, full_name text NOT NULL, phone text);
CREATE TABLE contact (person int PRIMARY KEY REFERENCES person ON DELETE CASCADE, mail text);
CREATE TABLE place (id int PRIMARY KEY, street text NOT NULL, town text NOT NULL);
CREATE TABLE shirt (id int PRIMARY KEY, size size NOT NULL DEFAULT 's');
CREATE INDEX shirt_size ON shirt (size);
CREATE UNLOGGED TABLE reading (id int PRIMARY KEY, value int);
CREATE INDEX reading_value ON reading (value);
CREATE TABLE event (id int PRIMARY KEY, note text);
CREATE TABLE entry (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE entry_few PARTITION OF entry FOR VALUES FROM (0) TO (1000);
CREATE TABLE entry_many (id int NOT NULL PRIMARY KEY, note text);
CREATE TABLE part (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE part_0 PARTITION OF part FOR VALUES FROM (0) TO (1000);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1000) TO (2000);
CREATE TABLE gone (id int PRIMARY KEY, note text);
CREATE TABLE kept (id int PRIMARY KEY, note text NOT NULL, fax text);
CREATE TABLE key (id int CONSTRAINT key_id PRIMARY KEY, code int NOT NULL);
"""
ROWS = """
INSERT INTO person SELECT g, 'f' || g || ' l' || g, '0' || g FROM generate_series(1, 150) g;
INSERT INTO contact SELECT g, 'm' FROM generate_series(1, 150) g;
INSERT INTO place SELECT g, 's' || g, 't' || g FROM generate_series(1, 150) g;
INSERT INTO shirt SELECT g, CASE WHEN g % 2 = 0 THEN 'm' ELSE 's' END::size FROM generate_series(1, 150) g;
INSERT INTO reading SELECT g, g FROM generate_series(1, 150) g;
INSERT INTO event SELECT g, 'n' FROM generate_series(1, 150) g;
INSERT INTO entry SELECT g, 'n' FROM generate_series(1, 50) g;
INSERT INTO entry_many SELECT g, 'n' FROM generate_series(1000, 1100) g;
INSERT INTO part SELECT g, 'n' FROM generate_series(1, 1999, 20) g;
INSERT INTO gone SELECT g, 'n' FROM generate_series(1, 50) g;
INSERT INTO kept SELECT g, 'n', 'f' FROM generate_series(1, 150) g;
INSERT INTO key SELECT g, g + 1 FROM generate_series(1, 150) g;
ANALYZE;
"""
NEW = """
-- migplan: values m => l
CREATE TYPE size AS ENUM ('s', 'l');
-- migplan: reverse full_name = first_name || ' ' || last_name
CREATE TABLE person (
  id int PRIMARY KEY,
  first_name text NOT NULL, -- migplan: using split_part(full_name, ' ', 1)
  last_name text NOT NULL -- migplan: using split_part(full_name, ' ', 2)
);
CREATE TABLE contact (
  person int PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  mail text,
  phone text -- migplan: moved-from person.phone using person = id
);
-- migplan: reverse street = split_part(address, ', ', 1)
-- migplan: reverse town = split_part(address, ', ', 2)
CREATE TABLE place (
  id int PRIMARY KEY,
  address text NOT NULL -- migplan: using street || ', ' || town
);
CREATE TABLE shirt (id int PRIMARY KEY, size size NOT NULL DEFAULT 's');
CREATE INDEX shirt_size ON shirt (size);
CREATE TABLE reading (id int PRIMARY KEY, value int);
CREATE INDEX reading_value ON reading (value);
CREATE TABLE event (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
-- migplan: existing-rows
CREATE TABLE event_few PARTITION OF event FOR VALUES FROM (MINVALUE) TO (2000);
CREATE TABLE event_many PARTITION OF event FOR VALUES FROM (2000) TO (MAXVALUE);
CREATE TABLE entry (id int PRIMARY KEY, note text) PARTITION BY RANGE (id);
CREATE TABLE entry_few PARTITION OF entry FOR VALUES FROM (0) TO (1000);
CREATE TABLE entry_many PARTITION OF entry FOR VALUES FROM (1000) TO (2000);
CREATE TABLE part (id int, note text) PARTITION BY RANGE (id);
CREATE TABLE part_0a PARTITION OF part FOR VALUES FROM (0) TO (500);
CREATE TABLE part_0b PARTITION OF part FOR VALUES FROM (500) TO (1000);
CREATE TABLE part_1 PARTITION OF part FOR VALUES FROM (1000) TO (2000);
CREATE TABLE kept (id int PRIMARY KEY, note text NOT NULL);
CREATE TABLE key (id int NOT NULL, code int CONSTRAINT key_id PRIMARY KEY);
"""
