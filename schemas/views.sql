CREATE VIEW customer_orders AS
SELECT c.id, c.full_name AS name, count(o.id) AS orders, sum(o.total_cents) AS total_cents, max(o.ordered_at) AS last_order
FROM customers c
LEFT JOIN orders o ON o.customer_id = c.id
GROUP BY c.id;

COMMENT ON VIEW customer_orders IS 'One row a customer, for the support desk.';
