CREATE TABLE order_items (
  order_id bigint REFERENCES orders ON DELETE CASCADE,
  product_id bigint REFERENCES products,
  quantity integer NOT NULL CHECK (quantity > 0),
  PRIMARY KEY (order_id, product_id)
);

CREATE INDEX order_items_product ON order_items (product_id);
