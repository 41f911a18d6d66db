INSERT INTO parent (id, full_name) VALUES (1001, 'old');
INSERT INTO child (id, full_name, extra) VALUES (1001, 'old', 1) ON CONFLICT (full_name, extra) DO NOTHING;
INSERT INTO other (id, full_name) VALUES (1001, 'old');
INSERT INTO grandchild (id) VALUES (1001);
UPDATE parent SET full_name = 'changed' WHERE id = 1;
UPDATE child SET full_name = 'mine' WHERE id = 2;
DO $$ BEGIN ASSERT (SELECT count(full_name) = 934 AND count(*) FILTER (WHERE full_name = 'changed') = 4
  AND count(*) FILTER (WHERE full_name = 'mine') = 2 FROM parent); END $$;
