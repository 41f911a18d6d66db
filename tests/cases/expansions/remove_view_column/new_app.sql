SELECT id, name FROM goods;
SELECT * FROM best;
