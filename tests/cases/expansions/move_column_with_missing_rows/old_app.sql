UPDATE person SET lang = 'de' WHERE id IN (1, 299);
SELECT 1 / (count(*) = 152)::int FROM person WHERE lang IS NOT NULL;
INSERT INTO setting VALUES (299, true) ON CONFLICT (of_person) DO UPDATE SET dark = excluded.dark;
