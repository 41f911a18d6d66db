CREATE TABLE person (id int PRIMARY KEY, name text);
CREATE TABLE contact (
  of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE,
  mail text,
  phone varchar(40) -- migplan: moved-from person.phone using of_person = id
);
CREATE TABLE line (ord int, pos int, PRIMARY KEY (ord, pos));
CREATE TABLE extra (
  pos int,
  ord bigint,
  qty int,
  note text NOT NULL DEFAULT 'none', -- migplan: moved-from line.note using pos = pos, ord = ord
  PRIMARY KEY (ord, pos),
  FOREIGN KEY (ord, pos) REFERENCES line ON DELETE CASCADE
);
