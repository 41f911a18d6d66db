CREATE TABLE item (id int PRIMARY KEY, code text NOT NULL, note text);
ALTER TABLE item ADD CONSTRAINT item_code_key UNIQUE (code);
