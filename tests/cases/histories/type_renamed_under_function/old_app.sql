INSERT INTO job VALUES (101, 'todo');
SELECT finish(101, 'done'::status);
SELECT open_jobs();
