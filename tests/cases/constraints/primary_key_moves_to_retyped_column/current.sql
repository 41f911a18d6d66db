CREATE TABLE t (id int PRIMARY KEY, s text);
CREATE TABLE item (id int PRIMARY KEY, uuid text UNIQUE);
CREATE TABLE held (id int PRIMARY KEY, item int REFERENCES item, place int);
