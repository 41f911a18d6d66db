INSERT INTO done (action, owner, code) VALUES ('none', 1001, '1001') ON CONFLICT (owner, action) DO UPDATE SET code = '1001';
INSERT INTO mark (place, kind, mark) VALUES (1001, 'old', 1001) ON CONFLICT (place, kind) DO NOTHING;
INSERT INTO part (whole, half) VALUES (1, 1) ON CONFLICT DO NOTHING;
INSERT INTO content (tenant, id) VALUES ('t', 1001);
INSERT INTO version (tenant, number, content) VALUES ('t', 1001, 1001);
INSERT INTO member (org, role) VALUES (1001, 'old') ON CONFLICT (org, role) DO UPDATE SET name = 'again';
