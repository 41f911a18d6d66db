CREATE TABLE item (id int PRIMARY KEY, name text, kind text NOT NULL, place text NOT NULL DEFAULT 'here');
CREATE TABLE token (identifier text NOT NULL, token text NOT NULL, expires text NOT NULL);
CREATE UNIQUE INDEX token_identifier_token_key ON token (identifier, token);
CREATE TABLE done (action text, owner int, code text NOT NULL UNIQUE, PRIMARY KEY (owner, action));
