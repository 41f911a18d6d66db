INSERT INTO item (id, name) VALUES (1006, 'x');
INSERT INTO sale (id, item_id) VALUES (1002, 1006);
