INSERT INTO done (action, owner, code) SELECT 'a' || g, g % 10, g FROM generate_series(1, 100) g;
INSERT INTO mark (place, kind, mark) SELECT g % 10, 'k' || g, g FROM generate_series(1, 100) g;
INSERT INTO content (tenant, id) SELECT 't', g FROM generate_series(1, 100) g;
INSERT INTO version (tenant, number, content) SELECT 't', g, g FROM generate_series(1, 100) g;
INSERT INTO member (org, role) SELECT g, 'r' || g FROM generate_series(1, 100) g;
