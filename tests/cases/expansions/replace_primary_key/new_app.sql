INSERT INTO item VALUES (-1, 'own', 'o') ON CONFLICT (code) DO UPDATE SET note = 'o';
