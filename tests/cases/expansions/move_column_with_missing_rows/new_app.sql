INSERT INTO setting (of_person, lang) VALUES (297, 'de'), (3, 'de') ON CONFLICT (of_person) DO UPDATE SET lang = excluded.lang;
SELECT 1 / (count(*) = 152)::int FROM setting WHERE lang IS NOT NULL;
