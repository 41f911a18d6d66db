CREATE TABLE one (id int NOT NULL, a text NOT NULL DEFAULT 'a', CONSTRAINT one_id CHECK (id > 0));
CREATE TABLE two (id int NOT NULL, b text NOT NULL DEFAULT 'b', CONSTRAINT two_id CHECK (id < 1000));
CREATE TABLE child (own int, PRIMARY KEY (id)) INHERITS (one);
CREATE TABLE alone (own int) INHERITS (one);
