INSERT INTO event (name, place) VALUES ('new', 'here');
UPDATE event SET name = 'changed', day = '2026-06-01' WHERE number = 5;
UPDATE place SET name = 'elsewhere' WHERE name = 'there';
DELETE FROM event WHERE number = 6;
INSERT INTO note VALUES (1001, 1, '2026-01-02');
SELECT count(*) FROM some_names;
SELECT (first_event()).name, last_name();
SELECT nextval('event_number_seq');
