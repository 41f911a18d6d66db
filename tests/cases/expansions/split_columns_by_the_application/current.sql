CREATE TABLE person (
  id int PRIMARY KEY,
  full_name text NOT NULL UNIQUE,
  net int,
  note text
);
COMMENT ON COLUMN person.full_name IS 'as it is said';
GRANT SELECT (full_name) ON person TO PUBLIC;
CREATE VIEW people AS SELECT id, note FROM person;
