CREATE TABLE done (action text, owner int, code text NOT NULL, PRIMARY KEY (owner, action));
CREATE TABLE mark (place int, kind text, mark int NOT NULL UNIQUE, PRIMARY KEY (place, kind) INCLUDE (mark));
COMMENT ON CONSTRAINT mark_pkey ON mark IS 'one of each kind';
CREATE TABLE part (whole int, half int, note text, PRIMARY KEY (whole, half));
CREATE TABLE content (tenant text, id int, body text, PRIMARY KEY (tenant, id));
CREATE TABLE version (tenant text, number int, content int, PRIMARY KEY (tenant, number),
  CONSTRAINT version_content FOREIGN KEY (tenant, content) REFERENCES content);
COMMENT ON CONSTRAINT version_content ON version IS 'what it is a version of';
CREATE TABLE member (org int, role text, name text, PRIMARY KEY (org, role));
