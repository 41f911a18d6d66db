CREATE TABLE event (
  id int PRIMARY KEY,
  title text -- migplan: renamed-from note
) PARTITION BY LIST (id);
CREATE TABLE event_one (id int NOT NULL, title text);
ALTER TABLE event_one ADD CONSTRAINT event_one_pkey PRIMARY KEY (id);
ALTER TABLE event ATTACH PARTITION event_one FOR VALUES IN (1);
ALTER TABLE event_one ADD CONSTRAINT a_unique_one UNIQUE (id);
CREATE TABLE event_rest PARTITION OF event DEFAULT;
