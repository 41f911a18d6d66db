CREATE TABLE parent (id int PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL DEFAULT 'none' CONSTRAINT parent_name_check CHECK (full_name <> ''));
CREATE TABLE child (extra int, CONSTRAINT child_name_extra_key UNIQUE (full_name, extra)) INHERITS (parent);
CREATE TABLE other (full_name text, PRIMARY KEY (id)) INHERITS (parent);
CREATE TABLE grandchild () INHERITS (child);
CREATE INDEX child_name ON child (full_name);
CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.full_name := upper(NEW.full_name); RETURN NEW; END $$;
CREATE TRIGGER other_shout BEFORE INSERT ON other FOR EACH ROW EXECUTE FUNCTION shout();
CREATE VIEW seen AS SELECT c.full_name AS name, p.full_name AS other FROM child c JOIN parent p USING (id);
GRANT SELECT (full_name) ON child TO PUBLIC;
COMMENT ON COLUMN parent.full_name IS 'what it is called';
