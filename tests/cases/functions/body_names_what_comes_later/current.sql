CREATE TABLE t (id int PRIMARY KEY, v int);
CREATE FUNCTION a_old(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public.z_old(x); END $$;
CREATE FUNCTION z_old(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN x + 1; END $$;
CREATE INDEX t_old ON t (a_old(v));
CREATE MATERIALIZED VIEW m_old AS SELECT id, a_old(v) AS w FROM t;
