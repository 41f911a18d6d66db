INSERT INTO item (id, amt) VALUES (7, 7);
