INSERT INTO item (id, name, size) VALUES (1002, 'new', jsonb_populate_record(NULL::size, '{"width": 1, "height": 2}'));
UPDATE item SET size.width = 3, others[1].width = 2 WHERE id IN (1, 1002);
SELECT area(jsonb_populate_record(NULL::size, '{"width": 1, "height": 2}'));
DELETE FROM item WHERE id = 1002;
