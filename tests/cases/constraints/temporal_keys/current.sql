CREATE EXTENSION btree_gist; CREATE TABLE b (r int, p tstzrange, PRIMARY KEY (r, p)); CREATE TABLE a (r int, p tstzrange, CONSTRAINT af FOREIGN KEY (r, p) REFERENCES b);
