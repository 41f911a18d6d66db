INSERT INTO rule (id, outer_port, host) VALUES (1001, 7, 1);
UPDATE rule SET host = 4 WHERE outer_port = 5;
