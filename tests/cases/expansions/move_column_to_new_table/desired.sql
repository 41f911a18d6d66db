CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE contact (
  of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  mail text,
  phone text -- migplan: moved-from person.phone using of_person = id
);
CREATE TABLE alias (
  of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  nick text NOT NULL -- migplan: moved-from person.nick using of_person = id
);
