CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
CREATE FUNCTION gone() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE TABLE dropped (name text);
CREATE FUNCTION log_drops() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.dropped SELECT object_identity FROM pg_event_trigger_dropped_objects(); END $$;
CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION log_drops();
