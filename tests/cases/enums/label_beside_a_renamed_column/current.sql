CREATE TYPE state AS ENUM ('open', 'paid');
CREATE TABLE invoice (id int PRIMARY KEY, state state NOT NULL DEFAULT 'open', note text NOT NULL, "Place" text);
CREATE TABLE seen (id int PRIMARY KEY, remark text);
CREATE VIEW open_invoices AS SELECT i.id, i.note, s.remark FROM invoice i JOIN seen s USING (id) WHERE i.state = 'open';
CREATE VIEW notes AS SELECT note FROM open_invoices;
CREATE INDEX invoice_state_place ON invoice (state, "Place");
