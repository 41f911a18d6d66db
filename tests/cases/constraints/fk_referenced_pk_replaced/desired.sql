CREATE TABLE a (id int UNIQUE, u uuid PRIMARY KEY); CREATE TABLE b (id int, u uuid REFERENCES a);
