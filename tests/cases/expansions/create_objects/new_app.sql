INSERT INTO shop.sale (item_id) VALUES (1);
SELECT shop.sold_items();
