INSERT INTO place VALUES ('here'), ('there');
INSERT INTO event (day, name, place) SELECT date '2026-01-01' + g % 200, 'name ' || g, CASE g % 3 WHEN 0 THEN 'here' WHEN 1 THEN 'there' END FROM generate_series(1, 300) g;
INSERT INTO note SELECT id, id, day FROM event WHERE id % 3 = 0;
UPDATE event SET before = 1, before_day = '2026-01-02' WHERE id = 2;
INSERT INTO late SELECT id, id, day FROM event WHERE id > 290;
