INSERT INTO fewer VALUES (1001, 'mine', 'another');
DELETE FROM fewer WHERE id = 1001;
INSERT INTO more VALUES (1001, 'mine', 'another');
DELETE FROM more WHERE id = 1001;
INSERT INTO plain VALUES (1001, 'a1', 'b1') ON CONFLICT (a, b) DO NOTHING;
