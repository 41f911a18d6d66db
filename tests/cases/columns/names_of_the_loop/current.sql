CREATE TABLE b (id int PRIMARY KEY, b int, batch int);
CREATE TABLE keyless (page int, pages int, step int, size int, offenders int, count int);
