INSERT INTO variable (id, name) VALUES (1000, 'old'); UPDATE variable SET value = NULL, size = NULL WHERE id = 2;
