INSERT INTO private_job (name) VALUES ('new');
SELECT nextval('task_numbers');
