CREATE TABLE item (id int PRIMARY KEY, name text);
CREATE TABLE token (identifier text NOT NULL, token text NOT NULL);
CREATE UNIQUE INDEX token_identifier_token_key ON token (identifier, token);
CREATE TABLE done (owner int NOT NULL, code text NOT NULL UNIQUE);
