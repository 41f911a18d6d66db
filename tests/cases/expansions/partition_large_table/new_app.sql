INSERT INTO place VALUES ('here') ON CONFLICT DO NOTHING;
INSERT INTO event (name, place) VALUES ('new', 'here');
UPDATE event SET name = 'changed', day = '2026-06-01' WHERE number = 5;
UPDATE place SET name = 'elsewhere' WHERE name = 'there';
DELETE FROM event WHERE number = 6;
INSERT INTO note SELECT 1001, id, day FROM event ORDER BY id LIMIT 1;
SELECT count(*) FROM some_names;
SELECT (first_event()).name, last_name();
SELECT nextval('event_number_seq');
