INSERT INTO event SELECT g, date '2019-10-01' + g, CASE WHEN g % 2 = 0 THEN 'x' ELSE 'y' END FROM generate_series(1, 300) g;
