INSERT INTO booking VALUES (1, 1), (2, 1), (3, 1), (3, 2);
INSERT INTO booking_4 VALUES (4, 1);
INSERT INTO visit VALUES (1, 1);
INSERT INTO shelf (at) VALUES (1), (2);
INSERT INTO bin (at, b) VALUES (1, 2), (1, 3);
