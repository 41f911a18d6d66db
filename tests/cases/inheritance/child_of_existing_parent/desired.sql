CREATE TABLE parent (id int);
CREATE TABLE child (a int DEFAULT 1) INHERITS (parent);
CREATE FOREIGN DATA WRAPPER w;
CREATE SERVER s FOREIGN DATA WRAPPER w;
-- migplan: renamed-from f
CREATE FOREIGN TABLE g (
  id int NOT NULL,
  q int,
  -- migplan: renamed-from c
  CONSTRAINT d CHECK (q > 0)
) SERVER s;

CREATE TABLE says_more (id int, b boolean, c int NOT NULL);
CREATE TABLE says_it_itself (a int) INHERITS (says_more);
ALTER TABLE says_it_itself ALTER b SET NOT NULL;
ALTER TABLE says_it_itself ADD CONSTRAINT one UNIQUE (b);
ALTER TABLE says_it_itself REPLICA IDENTITY USING INDEX one;
CREATE TABLE keyed (a int, PRIMARY KEY (id, c)) INHERITS (says_more);
CREATE FOREIGN TABLE far (a int) INHERITS (says_more) SERVER s;
ALTER TABLE far ALTER b SET NOT NULL;
CREATE TABLE losing (id int);
CREATE TABLE heir () INHERITS (losing);
CREATE TABLE heir_of_heir (value int) INHERITS (heir);
CREATE TABLE heir_with_the_same (value text) INHERITS (losing);
