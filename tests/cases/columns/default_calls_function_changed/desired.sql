CREATE FUNCTION f() RETURNS bigint LANGUAGE sql AS 'SELECT 2::bigint'; CREATE TABLE t (a bigint DEFAULT f());
CREATE FUNCTION made_up() RETURNS text LANGUAGE sql AS $$SELECT 'new:' || random()$$;
CREATE TABLE place (id int PRIMARY KEY, ap_id text NOT NULL DEFAULT made_up() CONSTRAINT place_key UNIQUE);
CREATE UNIQUE INDEX place_lower ON place (lower(ap_id));
CREATE MATERIALIZED VIEW places AS SELECT count(*) FROM place;
CREATE FUNCTION refreshed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN REFRESH MATERIALIZED VIEW places; RETURN NULL; END $$;
CREATE TRIGGER refreshed AFTER UPDATE ON place EXECUTE FUNCTION refreshed();
