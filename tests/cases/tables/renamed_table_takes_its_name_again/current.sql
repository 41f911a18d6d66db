CREATE TABLE a (id int NOT NULL, note text CONSTRAINT b_id_not_null CHECK (note <> ''));
ALTER TABLE a RENAME TO a_v2;
CREATE TABLE b (i int);
