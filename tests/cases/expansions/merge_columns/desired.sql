-- migplan: reverse first_name = split_part(full_name, ' ', 1)
-- migplan: reverse last_name = split_part(full_name, ' ', 2)
CREATE TABLE person (
  id int PRIMARY KEY,
  full_name text NOT NULL UNIQUE, -- migplan: using first_name || ' ' || last_name
  note text
);
COMMENT ON COLUMN person.full_name IS 'as it is said';
GRANT SELECT (full_name) ON person TO PUBLIC;
CREATE VIEW people AS SELECT id, note FROM person;
