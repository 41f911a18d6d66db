CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TABLE person (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'happy', moods mood[], CHECK (mood <> 'sad' OR id > 0));
CREATE VIEW happy AS SELECT id FROM person WHERE mood = 'happy';
CREATE INDEX happy_ones ON person (id) WHERE mood = 'happy';
