CREATE TABLE item (
-- migplan: renamed-from id
u uuid,
m text
) PARTITION BY HASH (m);
CREATE TABLE uu PARTITION OF item FOR VALUES WITH (MODULUS 1, REMAINDER 0);
CREATE VIEW v AS SELECT count(u) FROM item;
