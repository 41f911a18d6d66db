CREATE FUNCTION f(a text, b int DEFAULT 1) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'a' $$;
CREATE FUNCTION tf() RETURNS trigger LANGUAGE plpgsql AS $$ begin return new; end $$;
CREATE TABLE t (id int PRIMARY KEY, c text NOT NULL DEFAULT f('b', 2), CONSTRAINT k CHECK (f('b', 2) <> ''));
CREATE INDEX i ON t (f(c, 3));
CREATE POLICY p ON t USING (f('b', 2) = '');
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW WHEN (f('b', 2) <> 'c') EXECUTE FUNCTION tf();
CREATE VIEW v AS SELECT f(c, 3) AS x FROM t;
CREATE MATERIALIZED VIEW m AS SELECT f('b', 2) AS x FROM v;
CREATE DOMAIN d AS text DEFAULT f('b', 2) CHECK (f(value, 3) <> '');
CREATE TABLE t2 (id int PRIMARY KEY, d d);
CREATE FUNCTION g() RETURNS text LANGUAGE sql BEGIN ATOMIC SELECT f('b', 2); END;
CREATE FUNCTION h(a text DEFAULT f('b', 2)) RETURNS text LANGUAGE sql AS $$ SELECT a $$;
CREATE STATISTICS st ON (f(c, 3)), id FROM t;
CREATE RULE r AS ON UPDATE TO t2 WHERE f('b', 2) = 'b' DO ALSO NOTHING;
CREATE TABLE t3 (id int PRIMARY KEY, g text GENERATED ALWAYS AS (f('b', 2)) STORED -- migplan: allow rewrite "few rows"
);
