INSERT INTO job (name) VALUES ('old');
INSERT INTO task (name) VALUES ('old');
