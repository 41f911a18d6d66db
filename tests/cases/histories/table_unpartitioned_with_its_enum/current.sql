CREATE TYPE state AS ENUM ('active', 'created');
CREATE TYPE place AS (street text, town varchar(40));
CREATE TABLE job (id int, name text NOT NULL, state state NOT NULL DEFAULT 'created', states state[], place place, PRIMARY KEY (name, id))
  PARTITION BY LIST (name);
CREATE TABLE job_rest PARTITION OF job DEFAULT;
CREATE INDEX job_state_idx ON job (state) WHERE state < 'active';
CREATE TABLE other (state state);
CREATE VIEW jobs AS SELECT id, state FROM job;
