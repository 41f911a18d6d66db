INSERT INTO job VALUES (101, 'todo');
SELECT open_jobs();
