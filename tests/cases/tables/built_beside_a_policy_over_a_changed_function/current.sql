CREATE FUNCTION calc(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT a + 1';
CREATE TABLE item (id bigint PRIMARY KEY, amt bigint NOT NULL);
CREATE POLICY reads ON item USING (calc(amt) > 0);
