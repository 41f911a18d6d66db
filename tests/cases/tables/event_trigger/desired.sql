CREATE FUNCTION ef() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$; CREATE EVENT TRIGGER et ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION ef(); ALTER EVENT TRIGGER et DISABLE;
COMMENT ON EVENT TRIGGER et IS 'e';
CREATE TABLE dropped (name text);
CREATE FUNCTION log_drops() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN INSERT INTO public.dropped SELECT object_identity FROM pg_event_trigger_dropped_objects(); END $$;
CREATE EVENT TRIGGER drops ON sql_drop EXECUTE FUNCTION log_drops();
