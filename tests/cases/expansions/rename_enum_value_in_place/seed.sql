INSERT INTO person SELECT g, (ARRAY['sad', 'happy']::mood[])[1 + g % 2] FROM generate_series(1, 50) g;
