CREATE TABLE base (id bigint, old_word text, CONSTRAINT base_id CHECK (id > 0));
CREATE TABLE other (id uuid, loose int, n smallint);
CREATE TABLE alone (own int, id bigint, old_word text, CONSTRAINT base_id CHECK (id > 0)) INHERITS (base);
CREATE TABLE changing (own int, id bigint, old_word text, CONSTRAINT base_id CHECK (id > 0)) INHERITS (base);
CREATE TABLE joining (n int);

-- a partition of a table that is partitioned no longer
CREATE TABLE parted (a text, b int) PARTITION BY LIST (a);
CREATE TABLE part PARTITION OF parted FOR VALUES IN ('x');
