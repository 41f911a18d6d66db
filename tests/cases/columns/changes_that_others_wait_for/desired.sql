CREATE TABLE person (
  id int PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL,
  born int, -- migplan: using born::int
  fax text,
  first_name text, -- migplan: using split_part(full_name, ' ', 1)
  century int -- migplan: using born / 100
);
CREATE TABLE sale (id int, day date NOT NULL,
  amount int, -- migplan: renamed-from net
  region text, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE sale_all PARTITION OF sale DEFAULT;
CREATE INDEX sale_region ON sale (region);
