-- The shop before the change that schemas/ declares.
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'cancelled');

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  country text,
  created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE customers IS 'Who buys.';
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;

CREATE TABLE products (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  price numeric(10, 2) NOT NULL CHECK (price >= 0),
  fax_code text
);

CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status order_status NOT NULL DEFAULT 'new',
  total_cents integer NOT NULL CHECK (total_cents >= 0),
  ordered_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz
);
CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_total ON orders (total_cents);

CREATE FUNCTION touch_order() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  NEW.updated_at := now();
  RETURN NEW;
END
$$;
CREATE TRIGGER touch_order BEFORE UPDATE ON orders
  FOR EACH ROW EXECUTE FUNCTION touch_order();

CREATE TABLE order_items (
  order_id bigint REFERENCES orders ON DELETE CASCADE,
  product_id bigint REFERENCES products,
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (order_id, product_id)
);

CREATE VIEW customer_orders AS
SELECT c.id, c.name, count(o.id) AS orders, sum(o.total_cents) AS total_cents
FROM customers c
LEFT JOIN orders o ON o.customer_id = c.id
GROUP BY c.id;
COMMENT ON VIEW customer_orders IS 'One row a customer, for the support desk.';

INSERT INTO customers (name, email, country)
SELECT 'Customer ' || n, 'customer' || n || '@example.org', CASE WHEN n % 4 > 0 THEN 'NL' END
FROM generate_series(1, 3000) AS n;

INSERT INTO products (name, price, fax_code)
SELECT 'Product ' || n, n % 90 + 0.99, 'F' || n
FROM generate_series(1, 200) AS n;

INSERT INTO orders (customer_id, status, total_cents)
SELECT n % 3000 + 1, (ARRAY['new', 'paid', 'shipped', 'cancelled'])[n % 4 + 1]::order_status, n % 50000
FROM generate_series(1, 20000) AS n;

INSERT INTO order_items (order_id, product_id, quantity)
SELECT n, n % 200 + 1, n % 5 + 1
FROM generate_series(1, 20000) AS n;

ANALYZE;
