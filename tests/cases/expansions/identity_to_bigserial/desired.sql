CREATE TABLE item (id int PRIMARY KEY, n bigserial, note text);
