CREATE TABLE item (id int PRIMARY KEY, name text, amount int NOT NULL DEFAULT 5 CHECK (amount >= 0));
CREATE INDEX item_amount ON item (amount);
CREATE VIEW amounts AS SELECT id, amount FROM item;
GRANT SELECT ON amounts TO PUBLIC;
CREATE TABLE line (id int PRIMARY KEY, item int NOT NULL);
CREATE FUNCTION line() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN DELETE FROM line WHERE id = NEW.id; INSERT INTO line VALUES (NEW.id, NEW.id); RETURN NULL; END';
CREATE TRIGGER line AFTER UPDATE ON item FOR EACH ROW EXECUTE FUNCTION line();
