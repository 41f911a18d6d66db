INSERT INTO item (id, kind) VALUES (1002, 'c');
SELECT kind::text FROM item;
