CREATE TABLE person (id int PRIMARY KEY);
CREATE TABLE setting (
  of_person int PRIMARY KEY,
  dark boolean DEFAULT false,
  lang text -- migplan: moved-from person.lang using of_person = id upsert
);
