CREATE TABLE person (
  id int PRIMARY KEY,
  first_name text NOT NULL CHECK (first_name <> ''),
  last_name text NOT NULL,
  note text
);
CREATE INDEX person_last ON person (last_name, first_name);
COMMENT ON COLUMN person.last_name IS 'of the family';
GRANT SELECT (first_name) ON person TO PUBLIC;
CREATE VIEW people AS SELECT id, note FROM person;
