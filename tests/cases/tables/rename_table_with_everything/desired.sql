CREATE TABLE accounts (id serial PRIMARY KEY, email text UNIQUE, org int REFERENCES accounts); CREATE INDEX accounts_org ON accounts (org); CREATE VIEW v AS SELECT email FROM accounts;
