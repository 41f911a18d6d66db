CREATE TABLE customer (id bigint PRIMARY KEY);
CREATE TABLE partner (id bigint PRIMARY KEY);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint CONSTRAINT orders_customer REFERENCES customer ON DELETE CASCADE,
  partner_id bigint CONSTRAINT orders_partner REFERENCES partner,
  quantity int NOT NULL CONSTRAINT orders_quantity CHECK (quantity > 1)
);
