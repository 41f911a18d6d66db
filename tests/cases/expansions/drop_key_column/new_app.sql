INSERT INTO done (owner, code) VALUES (1002, '1002');
INSERT INTO mark (place, mark) VALUES (1002, 1002);
INSERT INTO part (whole) VALUES (2);
INSERT INTO content (id) VALUES (1002);
INSERT INTO version (number, content) VALUES (1002, 1002);
INSERT INTO member (org) VALUES (2001);
