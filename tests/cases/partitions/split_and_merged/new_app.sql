INSERT INTO t SELECT n FROM generate_series(5, 499, 10) n;
INSERT INTO l VALUES ('a'), ('b'), ('c'), ('e');
DO $$ BEGIN ASSERT (SELECT array_agg(id ORDER BY id) = ARRAY(SELECT generate_series(0, 499, 5)) FROM t); END $$;
DO $$ BEGIN ASSERT (SELECT count(*) = 9 FROM l) AND (SELECT count(*) = 20 FROM h); END $$;
