"""Extensions: created, moved, updated where a version is pinned, and left alone where nobody declares them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest
from tests.support.both_ways import OFFLINE, both_ways, from_nothing, read

from migplan.core.errors import UnsupportedError
from migplan.core.ids import ObjectId
from migplan.kinds.extension import Extension, pin_versions
from migplan.planning.diff import diff
from migplan.planning.plan import draft
from migplan.source.reading.introspect import Scope, introspect

if TYPE_CHECKING:
    from collections.abc import Callable

HSTORE = ObjectId("extension", ("hstore",))
USED = """
CREATE SCHEMA e; CREATE EXTENSION hstore WITH SCHEMA e; CREATE EXTENSION cube; CREATE EXTENSION earthdistance;
CREATE TABLE t (id int, h e.hstore DEFAULT ''::e.hstore, p cube, CHECK (e.akeys(h) IS NOT NULL));
CREATE INDEX i ON t USING gin (h e.gin_hstore_ops); CREATE VIEW v AS SELECT e.avals(h) AS a FROM t;
CREATE FUNCTION f(e.hstore) RETURNS earth LANGUAGE sql AS $$SELECT NULL::earth$$;
"""
OLD = "CREATE EXTENSION hstore VERSION '1.4';"


def test_everything_that_uses_an_extension_waits_for_it(make_db: Callable[[str], str]) -> None:
    from_nothing(make_db, USED)


def test_members_are_neither_read_nor_listed(make_db: Callable[[str], str]) -> None:
    catalog = read(make_db("CREATE EXTENSION hstore; CREATE EXTENSION pg_stat_statements"))
    assert {str(id) for id in catalog.objects if id.kind != "schema"} == {
        "extension hstore",
        "extension pg_stat_statements",
    }
    assert catalog.unmodelled == ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "COMMENT ON EXTENSION hstore IS 'ours'"),
        ("", "CREATE SCHEMA s; ALTER EXTENSION hstore SET SCHEMA s"),
    ],
)
def test_altered_in_place(make_db: Callable[[str], str], before: str, after: str) -> None:
    extension = "CREATE EXTENSION hstore;"
    ran = both_ways(make_db, extension + before, extension + after)
    assert not [s for s in ran.up if s.startswith(("DROP EXTENSION", "CREATE EXTENSION"))]


def test_a_declaration_without_a_comment_leaves_the_comment_open(make_db: Callable[[str], str]) -> None:
    live = read(make_db("CREATE EXTENSION hstore; COMMENT ON EXTENSION hstore IS 'of an older server'"))
    assert diff(live, read(make_db("CREATE EXTENSION hstore")), OFFLINE) == []


def test_any_version_will_do_unless_one_is_pinned(make_db: Callable[[str], str]) -> None:
    live, declared = read(make_db(OLD)), read(make_db("CREATE EXTENSION hstore"))
    assert diff(live, declared, OFFLINE) == []
    pinned = pin_versions(declared, ["hstore"])
    version = declared.get(HSTORE, Extension).version  # type: ignore[union-attr]
    ups = [str(s.sql) for step in draft(live, pinned, settings=OFFLINE).steps for s in step.up]
    assert ups == [f"ALTER EXTENSION hstore UPDATE TO '{version}'"]
    assert diff(read(make_db("CREATE EXTENSION hstore")), pinned, OFFLINE) == []


def test_a_pinned_version_is_created(make_db: Callable[[str], str]) -> None:
    pinned = pin_versions(read(make_db(OLD)), ["hstore"])
    ups = [str(s.sql) for step in draft(read(make_db("")), pinned, settings=OFFLINE).steps for s in step.up]
    assert ups == ["CREATE EXTENSION hstore WITH SCHEMA public VERSION '1.4'"]


def test_an_undeclared_extension_outside_the_managed_schemas_stays(make_db: Callable[[str], str]) -> None:
    url = make_db("CREATE SCHEMA platform; CREATE EXTENSION hstore WITH SCHEMA platform; CREATE EXTENSION cube")
    with psycopg.connect(url) as db:
        live = introspect(db, Scope(frozenset({"public"})))
    changes = diff(live, read(make_db("")), OFFLINE)
    assert [str(change.id) for change in changes] == ["extension cube"]


def test_one_that_cannot_move_stops_the_plan_while_something_uses_it(make_db: Callable[[str], str]) -> None:
    in_a = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE EXTENSION xml2 WITH SCHEMA a;"
    in_b = "CREATE SCHEMA a; CREATE SCHEMA b; CREATE EXTENSION xml2 WITH SCHEMA b;"
    both_ways(make_db, in_a, in_b)
    used = "CREATE VIEW public.v AS SELECT {}.xpath_nodeset('a', 'b') AS x;"
    live, declared = read(make_db(in_a + used.format("a"))), read(make_db(in_b + used.format("b")))
    with pytest.raises(UnsupportedError, match="not relocatable"):
        draft(live, declared, settings=OFFLINE)
