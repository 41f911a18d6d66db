CREATE TABLE item (id int PRIMARY KEY, name text, amount bigint NOT NULL DEFAULT 5 CHECK (amount >= 0));
CREATE INDEX item_amount ON item (amount);
CREATE VIEW amounts AS SELECT id, amount FROM item;
GRANT SELECT ON amounts TO PUBLIC;
-- renamed as well, with a setting that no view stands on
-- migplan: renamed-from called
CREATE TABLE now_called (id int PRIMARY KEY, a text);
ALTER TABLE now_called ALTER id SET (n_distinct = -0.5), ALTER id SET STATISTICS 100;
CREATE FUNCTION said() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.a := coalesce(nullif(NEW.a, ''), 'none'); RETURN NEW; END $$;
CREATE TRIGGER said BEFORE UPDATE ON now_called FOR EACH ROW EXECUTE FUNCTION said();
CREATE VIEW of_called AS SELECT a, id FROM now_called;
CREATE TABLE tag (id text, kind int, gone date, PRIMARY KEY (id, kind));
CREATE UNIQUE INDEX tag_there ON tag (id) WHERE gone IS NULL;
CREATE TABLE label (id text, kind bigint, PRIMARY KEY (id, kind));
CREATE VIEW labels AS SELECT id FROM label;
-- new, and made after the swap: by what they read
CREATE VIEW small_amounts AS SELECT id, amount FROM item WHERE amount < 10;
CREATE FUNCTION sum_of_small() RETURNS numeric LANGUAGE plpgsql
  AS $$ BEGIN RETURN (SELECT sum(s.amount) FROM small_amounts s JOIN item USING (id)); END $$;
