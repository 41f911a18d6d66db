INSERT INTO item (id, amt) VALUES (7, 7);
SELECT amt FROM item WHERE id = 1;
