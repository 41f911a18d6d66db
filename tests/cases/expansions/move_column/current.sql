CREATE TABLE person (id int PRIMARY KEY, name text, phone text NOT NULL);
CREATE INDEX person_phone ON person (phone);
CREATE TABLE contact (of_person int PRIMARY KEY REFERENCES person ON DELETE CASCADE, mail text);
CREATE TABLE line (ord int, pos int, note text NOT NULL DEFAULT 'none', PRIMARY KEY (ord, pos));
CREATE TABLE extra (pos int, ord bigint, qty int, PRIMARY KEY (ord, pos), FOREIGN KEY (ord, pos) REFERENCES line ON DELETE CASCADE);
