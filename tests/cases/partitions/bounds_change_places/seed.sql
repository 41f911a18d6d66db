INSERT INTO r SELECT generate_series(1, 30);
INSERT INTO l VALUES ('a'), ('it''s, b'), ('c'), (NULL);
INSERT INTO h SELECT generate_series(1, 20);
