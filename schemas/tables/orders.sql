CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  status order_status NOT NULL DEFAULT 'new',
  total_cents bigint NOT NULL CHECK (total_cents >= 0),
  ordered_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz
);

CREATE INDEX orders_customer ON orders (customer_id);
CREATE INDEX orders_total ON orders (total_cents);

CREATE TRIGGER touch_order BEFORE UPDATE ON orders
  FOR EACH ROW EXECUTE FUNCTION touch_order();
