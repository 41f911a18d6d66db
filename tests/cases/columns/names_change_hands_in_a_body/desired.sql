CREATE TABLE t (
  b int, -- migplan: renamed-from a
  a text -- migplan: renamed-from b
);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.b := length(NEW.a); RETURN NEW; END $$;
CREATE TRIGGER t_f BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
