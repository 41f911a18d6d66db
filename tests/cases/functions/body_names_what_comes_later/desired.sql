CREATE TABLE t (id int PRIMARY KEY, v int);
-- The index and the view call a_new for every row, and a_new calls what its body names.
CREATE FUNCTION a_new(x int) RETURNS int LANGUAGE plpgsql STABLE AS $$
BEGIN RETURN public."Z new"(x) + (SELECT count(*) FROM public.z_rates); END $$;
CREATE FUNCTION b_new(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN public."Z new"(x); END $$;
CREATE FUNCTION "Z new"(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RETURN x + 2; END $$;
CREATE TABLE z_rates (id int PRIMARY KEY);
CREATE INDEX t_new ON t (b_new(v));
CREATE MATERIALIZED VIEW m_new AS SELECT id, a_new(v) AS w FROM t;
-- What calls the first one is read before the second one makes the call ambiguous.
CREATE FUNCTION twice(x int) RETURNS int LANGUAGE sql IMMUTABLE RETURN x * 2;
CREATE FUNCTION uses_twice(x int) RETURNS int LANGUAGE sql IMMUTABLE RETURN twice(x);
CREATE FUNCTION twice(x int, y int DEFAULT 1) RETURNS int LANGUAGE sql IMMUTABLE RETURN x * 2 + y;
