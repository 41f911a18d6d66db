CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'; CREATE TABLE t (a int DEFAULT f());
CREATE FUNCTION made_up() RETURNS text LANGUAGE sql AS $$SELECT 'old:' || random()$$;
CREATE TABLE place (id int PRIMARY KEY, actor_id text NOT NULL DEFAULT made_up() CONSTRAINT place_key UNIQUE);
CREATE UNIQUE INDEX place_lower ON place (lower(actor_id));
CREATE MATERIALIZED VIEW places AS SELECT count(*) FROM place;
CREATE FUNCTION refreshed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN REFRESH MATERIALIZED VIEW places; RETURN NULL; END $$;
CREATE TRIGGER refreshed AFTER UPDATE ON place EXECUTE FUNCTION refreshed();
