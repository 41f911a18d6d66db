CREATE TABLE person (id int PRIMARY KEY, name text NOT NULL, born text DEFAULT '1900', fax text);
CREATE TABLE sale (id int PRIMARY KEY, day date NOT NULL, net int, fax text, region text);
CREATE INDEX sale_region ON sale (region);
