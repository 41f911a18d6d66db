INSERT INTO t SELECT g, 'a','b','a','b','a','{a,b}' FROM generate_series(1,3) g; INSERT INTO k VALUES ('a',1,2),('b',3,4);
