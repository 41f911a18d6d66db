CREATE TYPE status AS ENUM ('todo', 'done');
CREATE TABLE job (id int PRIMARY KEY, state status NOT NULL DEFAULT 'todo');
CREATE FUNCTION finish(job_id int, s status) RETURNS void LANGUAGE plpgsql AS $$
BEGIN UPDATE job SET state = s WHERE id = job_id; END $$;
CREATE FUNCTION open_jobs() RETURNS bigint STABLE LANGUAGE plpgsql AS $$
BEGIN RETURN (SELECT count(*) FROM job WHERE state = 'todo'); END $$;
