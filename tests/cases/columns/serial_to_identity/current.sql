CREATE TABLE t (id bigserial PRIMARY KEY);
CREATE TABLE strict (id serial PRIMARY KEY);
CREATE SEQUENCE numbers;
CREATE TABLE named (id int DEFAULT nextval('numbers') PRIMARY KEY);
ALTER SEQUENCE numbers OWNED BY named.id;
CREATE TABLE serial_again (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
CREATE TABLE given (id int PRIMARY KEY, n int NOT NULL, down int NOT NULL);
