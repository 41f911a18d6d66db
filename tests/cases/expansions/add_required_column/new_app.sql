SELECT coalesce(length, length(name)) FROM item;
INSERT INTO item (id, name, length) VALUES (1002, 'new', 3);
