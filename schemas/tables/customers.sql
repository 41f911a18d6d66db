CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- migplan: renamed-from name
  full_name text NOT NULL,
  email text NOT NULL UNIQUE,
  country text NOT NULL, -- migplan: backfill 'unknown'
  created_at timestamptz NOT NULL DEFAULT now()
);

COMMENT ON TABLE customers IS 'Who buys.';

-- A customer who is signed in sees one row; the shop itself owns the table and sees all.
ALTER TABLE customers ENABLE ROW LEVEL SECURITY;
CREATE POLICY customers_see_themselves ON customers
  FOR SELECT USING (email = current_setting('shop.customer', true));
