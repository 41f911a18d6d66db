UPDATE t SET m = 'b', n2 = 'a', o = 'b', p = 'a', q = 'b' WHERE id = 1;
UPDATE k SET x = 7, z = 8 WHERE d::mood = 'a';
