INSERT INTO item (id, name, kind, place) VALUES (1001, 'old', 'k', 'there');
SELECT kind, place FROM item;
