INSERT INTO item (id, name) VALUES (1002, 'new');
INSERT INTO token (identifier, token) VALUES ('1002', 'new');
INSERT INTO done (owner, code) VALUES (1002, '1002');
