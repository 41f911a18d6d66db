INSERT INTO item (id, name, kind, place) VALUES (1001, 'old', 'k', 'there');
INSERT INTO token (identifier, token, expires) VALUES ('1001', 'old', 'never');
INSERT INTO done (action, owner, code) VALUES ('none', 1001, '1001');
