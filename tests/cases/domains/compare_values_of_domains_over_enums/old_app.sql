UPDATE t SET m = 'b', n = 'a', o = 'b', p = 'a', q = 'b' WHERE id = 1;
UPDATE k SET x = 7, y = 8 WHERE d::mood = 'a';
