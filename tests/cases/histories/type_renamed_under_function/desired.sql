CREATE TYPE job_status AS ENUM ('todo', 'done');
CREATE TABLE job (id int PRIMARY KEY, state job_status NOT NULL DEFAULT 'todo');
CREATE FUNCTION finish(job_id int, s job_status) RETURNS void LANGUAGE plpgsql AS $$
BEGIN UPDATE job SET state = s WHERE id = job_id; END $$;
CREATE FUNCTION open_jobs() RETURNS bigint STABLE LANGUAGE plpgsql AS $$
BEGIN RETURN (SELECT count(*) FROM job WHERE state = 'todo'); END $$;
