"""More of what rules speak of, and more near misses, than their examples show."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.findings.conftest import Find

ROW = " INSERT INTO t DEFAULT VALUES; ANALYZE;"
SECURED = "CREATE TABLE t (id int, owner text); ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
MOOD = "CREATE TYPE mood AS ENUM ({}); CREATE TABLE t (m mood);"
KEYED = "CREATE TABLE t (id int{}) PARTITION BY RANGE (id); CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (9);"
AUDITED = (
    " CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';"
    " CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION f();"
)
PUBLISHED = " CREATE PUBLICATION p FOR TABLE t"


class Change(NamedTuple):
    """A live schema, what is declared, and what a rule says of it: object and weight, nothing where it is silent."""

    rule: str
    live: str
    declared: str
    said: tuple[tuple[str, str], ...] = ()


CHANGES = {
    "a view that went around the policies before": Change(
        "view-around-policies",
        SECURED + "CREATE VIEW v AS SELECT id FROM t;",
        SECURED + "CREATE VIEW v AS SELECT id, owner FROM t;",
    ),
    "a table that gets policies under a view": Change(
        "view-around-policies",
        "CREATE TABLE t (id int, owner text); CREATE VIEW v AS SELECT id FROM t;",
        SECURED + "CREATE POLICY p ON t USING (owner = current_user); CREATE VIEW v AS SELECT id FROM t;",
        (("view public.v", "warning"),),
    ),
    "UNIQUE that becomes the primary key": Change(
        "uniqueness-lost",
        "CREATE TABLE t (id int NOT NULL UNIQUE);",
        "CREATE TABLE t (id int PRIMARY KEY);",
    ),
    "a key that goes with its column": Change(
        "uniqueness-lost", "CREATE TABLE t (id int, code text UNIQUE);", "CREATE TABLE t (id int);"
    ),
    "a key that becomes a partition's share": Change(
        "uniqueness-lost",
        "CREATE TABLE t (id int PRIMARY KEY) PARTITION BY RANGE (id); CREATE TABLE t1 (id int PRIMARY KEY);",
        KEYED.format(" PRIMARY KEY"),
    ),
    "a unique index that becomes partial": Change(
        "uniqueness-lost",
        "CREATE TABLE t (a text, b int); CREATE UNIQUE INDEX i ON t (lower(a), b);",
        "CREATE TABLE t (a text, b int); CREATE UNIQUE INDEX i ON t (lower(a), b) WHERE b > 0;",
        (("index public.i", "warning"),),
    ),
    "a key of which a part is unique": Change(
        "uniqueness-lost",
        "CREATE TABLE t (a int, b int, UNIQUE (a, b));",
        "CREATE TABLE t (a int, b int UNIQUE);",
        (("constraint public.t.t_a_b_key", "warning"),),
    ),
    "a partial unique index that holds for all rows now": Change(
        "uniqueness-lost",
        "CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a) WHERE b > 0;",
        "CREATE TABLE t (a int, b int); CREATE UNIQUE INDEX i ON t (a);",
    ),
    "a replaced enum without a row": Change("rewrite", MOOD.format("'a', 'b'"), MOOD.format("'b', 'a'")),
    "a replaced enum of a large table, that goes over by a second column": Change(
        "rewrite", MOOD.format("'a', 'b'") + ROW, MOOD.format("'b', 'a'")
    ),
    "NOT NULL with a default": Change(
        "long-lock", "CREATE TABLE t (id int);" + ROW, "CREATE TABLE t (id int, a int NOT NULL DEFAULT 1);"
    ),
    "a domain that is tightened": Change(
        "long-lock",
        "CREATE DOMAIN d AS int; CREATE TABLE t (a d);" + ROW,
        "CREATE DOMAIN d AS int CHECK (VALUE > 0); CREATE TABLE t (a d);",
        (("domain public.d", "danger"),),
    ),
    "a narrower type without a row": Change(
        "narrowing-type", "CREATE TABLE t (a varchar(9));", "CREATE TABLE t (a varchar(5));"
    ),
    "a narrower type by an expression of the user's": Change(
        "narrowing-type",
        "CREATE TABLE t (a varchar(9));" + ROW,
        "CREATE TABLE t (\n  -- migplan: using left(a, 5)\n  -- migplan: reverse a\n  a varchar(5)\n);",
    ),
    "a check of a changed function": Change(
        "stored-results",
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';"
        " CREATE TABLE t (a int CONSTRAINT c CHECK (f(a)));" + ROW,
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 9';"
        " CREATE TABLE t (a int CONSTRAINT c CHECK (f(a)));",
        (("function public.f(integer)", "danger"),),
    ),
    "a trigger that fires for the values of a dropped column, on the way back": Change(
        "backfill-fires-triggers",
        "CREATE TABLE t (id int PRIMARY KEY, a int);" + AUDITED + " INSERT INTO t VALUES (1, 1); ANALYZE;",
        "-- migplan: backup table\nCREATE TABLE t (\n  id int PRIMARY KEY\n);" + AUDITED,
        (("table public.t", "warning"),),
    ),
    "a view of a changed function": Change(
        "stored-results",
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 0';"
        " CREATE TABLE t (a int); CREATE VIEW v AS SELECT f(a) FROM t;" + ROW,
        "CREATE FUNCTION f(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 > 9';"
        " CREATE TABLE t (a int); CREATE VIEW v AS SELECT f(a) FROM t;",
    ),
    "an old function that becomes SECURITY DEFINER": Change(
        "search-path",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';",
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1';",
        (("function public.f()", "warning"),),
    ),
    "a body that PostgreSQL has bound": Change(
        "search-path", "", "CREATE FUNCTION f() RETURNS int LANGUAGE sql SECURITY DEFINER RETURN 1;"
    ),
    "a body that talks of SECURITY DEFINER": Change(
        "search-path", "", "CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT ''SECURITY DEFINER''';"
    ),
    "a policy for more roles": Change(
        "policy-widened",
        SECURED + "CREATE POLICY p ON t TO pg_monitor USING (id > 0);",
        SECURED + "CREATE POLICY p ON t TO pg_monitor, pg_read_all_stats USING (id > 0);",
        (("policy public.t.p", "warning"),),
    ),
    "a restriction that goes": Change(
        "policy-widened",
        SECURED + "CREATE POLICY a ON t USING (id > 0); CREATE POLICY p ON t AS RESTRICTIVE USING (id > 0);",
        SECURED + "CREATE POLICY a ON t USING (id > 0);",
        (("policy public.t.p", "warning"),),
    ),
    "a policy for fewer roles": Change(
        "policy-widened",
        SECURED + "CREATE POLICY p ON t USING (id > 0);",
        SECURED + "CREATE POLICY p ON t TO pg_monitor USING (id > 0);",
    ),
    "one more policy with a condition": Change(
        "policy-widened",
        SECURED + "CREATE POLICY p ON t USING (id > 0);",
        SECURED + "CREATE POLICY p ON t USING (id > 0); CREATE POLICY q ON t FOR SELECT USING (id < 0);",
    ),
    "the last policy": Change(
        "row-security-without-policy",
        SECURED + "CREATE POLICY p ON t USING (id > 0);",
        SECURED,
        (("table public.t", "warning"),),
    ),
    "a new function, which everybody may call": Change(
        "grant-to-public", "", "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
    ),
    "a column for everybody": Change(
        "grant-to-public",
        "CREATE TABLE t (id int, a int);",
        "CREATE TABLE t (id int, a int); GRANT SELECT (a) ON t TO PUBLIC;",
        (("column public.t.a", "warning"),),
    ),
    "a published table that loses its key": Change(
        "replica-identity",
        "CREATE TABLE t (id int PRIMARY KEY);" + PUBLISHED,
        "CREATE TABLE t (id int NOT NULL);" + PUBLISHED,
        (("table public.t", "danger"),),
    ),
    "a published table that never had one": Change(
        "replica-identity", "CREATE TABLE t (id int);" + PUBLISHED, "CREATE TABLE t (id int, a int);" + PUBLISHED
    ),
    "a publication of INSERTs": Change(
        "replica-identity",
        "CREATE TABLE t (id int);",
        "CREATE TABLE t (id int);" + PUBLISHED + " WITH (publish = 'insert')",
    ),
    "partitions of a published table": Change(
        "replica-identity", KEYED.format(""), KEYED.format("") + PUBLISHED, (("table public.t1", "danger"),)
    ),
    "partitions with a key": Change(
        "replica-identity", KEYED.format(" PRIMARY KEY"), KEYED.format(" PRIMARY KEY") + PUBLISHED
    ),
    "a new table where all are published": Change(
        "replica-identity",
        "CREATE PUBLICATION p FOR ALL TABLES",
        "CREATE PUBLICATION p FOR ALL TABLES; CREATE TABLE t (id int); CREATE UNLOGGED TABLE u (id int);",
        (("table public.t", "danger"),),
    ),
    "an index under another name": Change(
        "likely-rename",
        "CREATE TABLE t (a int); CREATE INDEX i ON t (a);",
        "CREATE TABLE t (a int); CREATE INDEX j ON t (a);",
        (("index public.j", "note"),),
    ),
    "two candidates for one column": Change(
        "likely-rename",
        "CREATE TABLE t (id int PRIMARY KEY, a text, b text);" + " INSERT INTO t VALUES (1); ANALYZE;",
        "CREATE TABLE t (id int PRIMARY KEY, c text);",
    ),
    "columns of other types": Change(
        "likely-rename", "CREATE TABLE t (id int, a text);", "CREATE TABLE t (id int, b int);"
    ),
    "a foreign key that is new and cascades": Change(
        "cascade-added",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int);",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p ON DELETE CASCADE);",
    ),
    "a renamed foreign key that cascades": Change(
        "cascade-added",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int CONSTRAINT a REFERENCES p);",
        "CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int CONSTRAINT b REFERENCES p ON DELETE CASCADE);",
        (("constraint public.c.b", "warning"),),
    ),
    "an index that a key has": Change(
        "duplicate-index",
        "CREATE TABLE t (id int PRIMARY KEY);",
        "CREATE TABLE t (id int PRIMARY KEY); CREATE INDEX i ON t (id);",
        (("index public.i", "note"),),
    ),
    "NULLs that the plan fills itself": Change(
        "may-stop-on-data",
        "CREATE TABLE t (id int PRIMARY KEY, a int); INSERT INTO t VALUES (1); ANALYZE;",
        "CREATE TABLE t (\n  id int PRIMARY KEY,\n  a int NOT NULL -- migplan: backfill 0\n);",
    ),
    "text that a number's column is filled with": Change(
        "may-stop-on-data",
        "CREATE TABLE t (id int PRIMARY KEY, a text); INSERT INTO t VALUES (1); ANALYZE;",
        "CREATE TABLE t (id int PRIMARY KEY, a int);",
        (("table public.t", "note"),),
    ),
    "a sequence that goes with its table": Change(
        "data-loss",
        "CREATE TABLE t (id serial PRIMARY KEY);" + ROW,
        "",
        (("table public.t", "danger"),),
    ),
    "a sequence that goes with its column": Change(
        "data-loss",
        "CREATE TABLE t (id int PRIMARY KEY DEFAULT 0, a serial);" + ROW,
        "CREATE TABLE t (id int PRIMARY KEY DEFAULT 0);",
        (("column public.t.a", "danger"),),
    ),
    "a sequence of its own": Change(
        "data-loss",
        "CREATE TABLE t (id int PRIMARY KEY DEFAULT 0); CREATE SEQUENCE s;" + ROW,
        "CREATE TABLE t (id int PRIMARY KEY DEFAULT 0);",
        (("sequence public.s", "danger"),),
    ),
    "a check over a column that is new": Change(
        "may-stop-on-data",
        "CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t VALUES (1); ANALYZE;",
        "CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0));",
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_says_so(make_db: MakeDb, find: Find, change: Change) -> None:
    found = find(make_db(change.live), change.declared).findings
    assert tuple((f.object, f.severity) for f in found if f.rule == change.rule) == change.said


def test_nobody_waits_where_nobody_is(make_db: MakeDb, find: Find) -> None:
    live = make_db(MOOD.format("'a', 'b'") + ROW)
    found = find(live, MOOD.format("'b', 'a'"), offline=True).findings
    assert {"rewrite", "long-lock"} & {f.rule for f in found} == set()
