CREATE TABLE customer (id bigint PRIMARY KEY);
CREATE TABLE partner (id bigint PRIMARY KEY);
CREATE TABLE orders (
  id bigint PRIMARY KEY,
  customer_id bigint CONSTRAINT orders_customer REFERENCES customer,
  partner_id bigint CONSTRAINT orders_partner REFERENCES customer,
  quantity int NOT NULL CONSTRAINT orders_quantity CHECK (quantity > 0)
);
