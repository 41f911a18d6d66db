CREATE FUNCTION calc(a bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT 1 + a';
CREATE TABLE item (id bigint PRIMARY KEY, amt bigint NOT NULL, g bigint GENERATED ALWAYS AS (calc(amt) + 1) STORED);
CREATE POLICY reads ON item FOR SELECT USING (calc(amt) > 0);
