-- What once told how to get here stays in the files: a new database has nothing that it speaks of.
-- migplan: renamed-from clients
CREATE TABLE customers (
  id bigint PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL,
  country text NOT NULL DEFAULT 'unknown', -- migplan: phase contract
  -- migplan: using (cents / 100.0)::numeric(10, 2)
  -- migplan: reverse (cents * 100)::integer
  cents numeric(10, 2) NOT NULL, -- migplan: backfill 0
  CONSTRAINT positive CHECK (cents > 0) -- migplan: renamed-from nonnegative
);
CREATE TABLE profiles (
  customer_id bigint PRIMARY KEY REFERENCES customers,
  bio text -- migplan: moved-from customers.bio using customer_id = id
);
-- migplan: moved-from gone.note using customer_id = id
ALTER TABLE profiles ADD COLUMN note text;
-- migplan: renamed-from humour
-- migplan: values happy => content
CREATE TYPE mood AS ENUM ('sad', 'content'); -- migplan: rename-value grim => sad
CREATE VIEW names AS SELECT full_name FROM customers; -- migplan: renamed-from old_names
CREATE FUNCTION number() RETURNS int LANGUAGE sql AS 'SELECT 1'; -- migplan: phase contract
CREATE TABLE events (at date NOT NULL) PARTITION BY RANGE (at); -- migplan: keep-old
-- migplan: existing-rows
CREATE TABLE events_all PARTITION OF events DEFAULT;
