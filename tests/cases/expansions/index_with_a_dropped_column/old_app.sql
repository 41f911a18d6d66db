INSERT INTO rule (id, first_port, port, host) VALUES (1001, 5, 7, 1);
UPDATE rule SET host = 4 WHERE port = 5;
