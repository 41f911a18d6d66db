CREATE TABLE numbered (id int PRIMARY KEY, n int, v text);
CREATE TABLE given (id int PRIMARY KEY, n int NOT NULL, v text);
