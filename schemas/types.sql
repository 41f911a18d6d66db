-- The life of an order, in its order.
CREATE TYPE order_status AS ENUM ('new', 'paid', 'shipped', 'refunded', 'cancelled');
