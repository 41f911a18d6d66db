INSERT INTO item (id, name, note) VALUES (1002, 'new', 'n');
UPDATE item SET state = 'sold';
