CREATE TABLE item (id int PRIMARY KEY, name text, kind text);
CREATE VIEW goods AS SELECT id, name FROM item;
CREATE VIEW best AS SELECT id, name FROM goods WHERE id < 10;
GRANT SELECT ON best TO PUBLIC;
COMMENT ON VIEW best IS 'the first';
