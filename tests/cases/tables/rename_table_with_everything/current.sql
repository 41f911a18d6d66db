CREATE TABLE users (id serial PRIMARY KEY, email text UNIQUE, org int REFERENCES users); CREATE INDEX users_org ON users (org); CREATE VIEW v AS SELECT email FROM users;
