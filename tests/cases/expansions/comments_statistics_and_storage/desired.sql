CREATE TABLE item (id int PRIMARY KEY, name text) WITH (fillfactor = 70);
ALTER TABLE item ALTER COLUMN name SET STATISTICS 500;
CREATE STATISTICS item_stats ON id, name FROM item;
COMMENT ON TABLE item IS 'what is sold';
COMMENT ON COLUMN item.name IS 'its name';
