CREATE TABLE private_job (id int GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME job_id_seq) PRIMARY KEY, name text);
CREATE SEQUENCE task_numbers;
