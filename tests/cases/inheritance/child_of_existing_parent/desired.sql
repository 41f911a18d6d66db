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
