-- migplan: rename-value happy => 'it''s fine'
CREATE TYPE mood AS ENUM ('sad', 'it''s fine');
CREATE TABLE person (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'it''s fine', moods mood[], CHECK (mood <> 'sad' OR id > 0));
CREATE VIEW happy AS SELECT id FROM person WHERE mood = 'it''s fine';
CREATE INDEX happy_ones ON person (id) WHERE mood = 'it''s fine';
