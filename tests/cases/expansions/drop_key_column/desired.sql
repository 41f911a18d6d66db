CREATE TABLE done (owner int NOT NULL, code text NOT NULL PRIMARY KEY);
CREATE TABLE mark (place int NOT NULL, mark int NOT NULL UNIQUE);
CREATE TABLE part (whole int NOT NULL, note text, id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE content (id int PRIMARY KEY, body text);
CREATE TABLE version (number int PRIMARY KEY, content int, CONSTRAINT version_content FOREIGN KEY (content) REFERENCES content);
COMMENT ON CONSTRAINT version_content ON version IS 'what it is a version of';
CREATE TABLE member (org int PRIMARY KEY, role text, name text);
