INSERT INTO parent (id, name) VALUES (1001, 'old');
INSERT INTO child (id, name, extra) VALUES (1001, 'old', 1) ON CONFLICT (name, extra) DO NOTHING;
INSERT INTO other (id, name) VALUES (1001, 'old');
INSERT INTO grandchild (id) VALUES (1001);
UPDATE parent SET name = 'changed' WHERE id = 1;
UPDATE child SET name = 'mine' WHERE id = 2;
DO $$ BEGIN ASSERT (SELECT count(name) = 934 AND count(*) FILTER (WHERE name = 'changed') = 4
  AND count(*) FILTER (WHERE name = 'mine') = 2 AND count(*) FILTER (WHERE name = 'OLD') = 1 FROM parent); END $$;
