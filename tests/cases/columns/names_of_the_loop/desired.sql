CREATE TABLE b (id int PRIMARY KEY, b text NOT NULL DEFAULT 'none', batch bigint);
CREATE TABLE keyless (page int NOT NULL DEFAULT 1, pages bigint, step int NOT NULL DEFAULT 2, size int, offenders int NOT NULL, count int NOT NULL CHECK (count > 0));
