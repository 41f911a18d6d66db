CREATE TABLE item (id int PRIMARY KEY, amt int, name text);
CREATE VIEW stuff AS SELECT i.* FROM item i;
GRANT SELECT ON stuff TO reader;
CREATE MATERIALIZED VIEW mv AS SELECT id, amt FROM item; GRANT SELECT, UPDATE ON mv TO reader;
GRANT SELECT, UPDATE ON item TO reader;
