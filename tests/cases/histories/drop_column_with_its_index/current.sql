CREATE FUNCTION normal(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE TABLE job (id int PRIMARY KEY, lock text, note text, status text NOT NULL);
CREATE UNIQUE INDEX job_lock_idx ON job (lock) WHERE status = 'todo';
CREATE INDEX job_note_idx ON job (normal(note));
CREATE INDEX job_including_idx ON job (status) INCLUDE (lock);
