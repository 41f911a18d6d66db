CREATE TABLE person (id int PRIMARY KEY, lang text);
CREATE TABLE setting (of_person int PRIMARY KEY, dark boolean DEFAULT false);
