-- migplan: values paid => settled
CREATE TYPE state AS ENUM ('open', 'settled');
CREATE TABLE invoice (
  id int PRIMARY KEY,
  state state NOT NULL DEFAULT 'open',
  remark text NOT NULL, -- migplan: renamed-from note
  site text -- migplan: renamed-from "Place"
);
CREATE TABLE seen (
  id int PRIMARY KEY,
  hint text -- migplan: renamed-from remark
);
CREATE VIEW open_invoices AS SELECT i.id, i.remark, s.hint FROM invoice i JOIN seen s USING (id) WHERE i.state = 'open';
CREATE VIEW notes AS SELECT remark FROM open_invoices;
CREATE INDEX invoice_state_site ON invoice (state, site);
