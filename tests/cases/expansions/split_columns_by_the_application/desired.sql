-- migplan: reverse full_name = first_name || ' ' || last_name
CREATE TABLE person (
  id int PRIMARY KEY,
  first_name text NOT NULL CHECK (first_name <> ''), -- migplan: using split_part(full_name, ' ', 1)
  last_name text NOT NULL, -- migplan: using split_part(full_name, ' ', 2)
  net int,
  gross int DEFAULT 0, -- migplan: using net * 2
  note text
);
CREATE INDEX person_last ON person (last_name, first_name);
COMMENT ON COLUMN person.last_name IS 'of the family';
GRANT SELECT (first_name) ON person TO PUBLIC;
CREATE VIEW people AS SELECT id, note FROM person;
