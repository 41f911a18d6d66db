CREATE TABLE item (id int PRIMARY KEY, name text) PARTITION BY RANGE (id);
CREATE TABLE item_low PARTITION OF item FOR VALUES FROM (0) TO (150);
CREATE TABLE item_high (id int NOT NULL, name text, CONSTRAINT item_high_pkey PRIMARY KEY (id));
