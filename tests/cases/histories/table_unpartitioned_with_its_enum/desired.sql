CREATE TYPE state AS ENUM ('created', 'expired', 'active');
CREATE TYPE place AS (street text, town text);
CREATE TABLE job (id int PRIMARY KEY, name text NOT NULL, state state NOT NULL DEFAULT 'created', states state[], place place);
CREATE INDEX job_state_idx ON job (state) WHERE state < 'active';
CREATE TABLE other (state state);
CREATE VIEW jobs AS SELECT id, state FROM job;
