"""Types that are replaced under large tables: enums that lose, move or rename labels, domains, composite types."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.support.applications import Version
from tests.support.migrations import migration, proved, run
from tests.support.traffic import traffic_while

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
ENUM = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
COMMENT ON TYPE mood IS 'of a person';
GRANT USAGE ON TYPE mood TO pg_monitor;
CREATE TABLE item (
  id int PRIMARY KEY,
  mood mood NOT NULL DEFAULT 'ok' CHECK (mood <> 'sad' OR id > 0),
  moods mood[],
  n int
);
CREATE INDEX item_mood ON item (mood) WHERE mood <> 'ok'::mood;
CREATE UNIQUE INDEX item_both ON item (id, mood);
CREATE VIEW fine AS SELECT id, mood FROM item WHERE mood = 'ok';
CREATE FUNCTION better(mood) RETURNS mood LANGUAGE sql IMMUTABLE AS $$ SELECT $1 $$;
CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN IF NEW.mood = 'ok'::mood THEN NEW.moods := ARRAY[NEW.mood]; END IF; RETURN NEW; END $$;
CREATE TRIGGER watch BEFORE INSERT OR UPDATE OF mood ON item FOR EACH ROW EXECUTE FUNCTION watch();
"""
DOMAIN = """
CREATE DOMAIN amount AS int DEFAULT 1;
COMMENT ON DOMAIN amount IS 'of things';
CREATE TABLE item (id int PRIMARY KEY, n amount, other amount[]);
CREATE INDEX item_n ON item (n);
CREATE VIEW amounts AS SELECT n FROM item;
"""
COMPOSITE = """
CREATE TYPE place AS (x int, y int);
CREATE TABLE item (id int PRIMARY KEY, at place, n int);
CREATE FUNCTION x_of(place) RETURNS text LANGUAGE sql AS $$ SELECT ($1).x::text $$;
CREATE VIEW places AS SELECT (at).x AS x FROM item;
"""


def _said(enum: str) -> str:
    return "-- migplan: values happy => ok\n" + enum.strip()


def _application(column: str, value: str, read: str) -> Version:
    insert = f"INSERT INTO item (id, {column}) VALUES (%(key)s, {value})"
    return Version(
        "any",
        insert=insert,
        update=f"UPDATE item SET {column} = {value} WHERE id = %(key)s",
        upsert=f"{insert} ON CONFLICT (id) DO UPDATE SET {column} = {value}",
        read=f"SELECT {read} FROM item WHERE id = %(key)s",
        delete="DELETE FROM item WHERE id = %(key)s",
    )


COUNTING = _application("n", "%(value)s::int", "n::int")
PLACED = _application("at", "ROW(%(value)s::int, 0)::place", "(at).x::int")

REMOVED = _said(ENUM.replace(", 'happy'", ""))
REORDERED = ENUM.replace("'sad', 'ok', 'happy'", "'happy', 'sad', 'ok'")
RENAMED = "-- migplan: values happy => joyful\n" + ENUM.replace("'happy'", "'joyful'").strip()
MIXED = _said(ENUM.replace("'sad', 'ok', 'happy'", "'ok', 'meh', 'sad'"))
CHECKED = DOMAIN.replace(", other amount[]", "").replace(
    "DEFAULT 1", "DEFAULT 1 CONSTRAINT positive CHECK (VALUE > 0) CONSTRAINT old CHECK (VALUE < 1000000000)"
)
CHECKED_LONG = CHECKED.replace("AS int", "AS bigint").replace(
    "old CHECK (VALUE < 1000000000)", "zero CHECK (VALUE <> 0)"
)
COUNTED = "INSERT INTO item SELECT g, g FROM generate_series(100000, 103000) g;"
MOVED_ABOUT = COMPOSITE.replace("x int, y int", "y int, z text, x bigint")
ROWS = "INSERT INTO item (id, mood, moods) SELECT g, 'sad', '{sad,ok}' FROM generate_series(100000, 103000) g;"
NUMBERS = "INSERT INTO item SELECT g, g, ARRAY[g] FROM generate_series(100000, 103000) g;"
POINTS = "INSERT INTO item SELECT g, ROW(g, -g)::place FROM generate_series(100000, 103000) g;"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(ENUM + ROWS, REMOVED, id="label-removed"),
        pytest.param(ENUM + ROWS, REORDERED, id="labels-reordered"),
        pytest.param(ENUM + ROWS, RENAMED, id="label-renamed"),
        pytest.param(ENUM + ROWS, MIXED, id="labels-removed-added-and-reordered"),
        pytest.param(DOMAIN + NUMBERS, DOMAIN.replace("AS int", "AS bigint"), id="domain-base-type"),
        pytest.param(CHECKED + COUNTED, CHECKED_LONG, id="domain-with-checks"),
        pytest.param(COMPOSITE + POINTS, COMPOSITE.replace("x int", "x bigint"), id="composite-attribute-type"),
        pytest.param(COMPOSITE + POINTS, MOVED_ABOUT, id="composite-attributes-change-places"),
    ],
)
def test_up_and_down(make_db: MakeDb, tmp_path: Path, old: str, new: str) -> None:
    found = proved(make_db, tmp_path, old, new, config=LARGE)
    assert (len(found.plan.windows), re.findall(r"ALTER COLUMN \S+ TYPE", found.up)) == (2, [])
    assert not [s for s in found.plan.steps if s.rewrite]
    found.both_ways()


@pytest.mark.parametrize(
    ("old", "new", "application"),
    [
        pytest.param(DOMAIN + NUMBERS, DOMAIN.replace("AS int", "AS bigint"), COUNTING, id="domain-base-type"),
        pytest.param(CHECKED + COUNTED, CHECKED_LONG, COUNTING, id="domain-with-checks"),
        pytest.param(COMPOSITE + POINTS, COMPOSITE.replace("x int", "x bigint"), PLACED, id="composite-attribute-type"),
        pytest.param(ENUM + ROWS, REORDERED, COUNTING, id="labels-reordered"),
    ],
)
def test_no_error_and_no_lost_write(make_db: MakeDb, tmp_path: Path, old: str, new: str, application: Version) -> None:
    found = proved(make_db, tmp_path, old, new, config=LARGE)
    for direction in ("up", "down"):
        traffic_while(found, direction, application, application)


def test_both_versions_say_their_labels(make_db: MakeDb, tmp_path: Path) -> None:
    rows = "INSERT INTO item (id, mood, moods) VALUES (1, 'happy', '{happy,sad}'), (2, 'sad', NULL);"
    found = proved(make_db, tmp_path, ENUM + rows, RENAMED, config=LARGE)

    def between(window: int) -> None:
        if window == 0:
            run(found.live, "INSERT INTO item (id, mood) VALUES (3, 'happy'), (4, 'joyful')")
            run(found.live, "UPDATE item SET mood = 'joyful' WHERE id = 2")
        else:
            shown = run(found.live, "SELECT mood::text, moods::text[] FROM item ORDER BY id")
            assert shown[:2] == [("joyful", ["joyful", "sad"]), ("joyful", None)]
            assert [mood for mood, _ in shown[2:]] == ["joyful", "joyful"]

    found.both_ways(between)
    assert run(found.live, "SELECT mood::text FROM item ORDER BY id") == [("happy",)] * 4


def test_lost_labels_are_told(make_db: MakeDb, tmp_path: Path) -> None:
    leaves = "CREATE TABLE leaves (id int PRIMARY KEY, mood mood);"
    rows = "INSERT INTO item VALUES (1, 'happy'); INSERT INTO leaves VALUES (1, 'happy');"
    own = "CREATE TYPE own AS ENUM ('ok', 'happy');" + leaves.replace("mood mood", "mood own")
    found = proved(make_db, tmp_path, ENUM + leaves + rows, f"{REMOVED}\n{own}", config=LARGE)
    (loses,) = (s.loses for s in found.plan.steps if s.loses)
    assert "item.mood held happy" in loses
    found.both_ways()
    assert run(found.live, "SELECT mood::text FROM item") == [("ok",)]
    assert run(found.live, "SELECT mood::text FROM leaves") == [("happy",)]


def test_lost_attributes_are_told(make_db: MakeDb, tmp_path: Path) -> None:
    new = COMPOSITE.replace("x int, y int", "x bigint, z text")
    found = proved(make_db, tmp_path, COMPOSITE + "INSERT INTO item VALUES (1, '(1,2)'), (2, NULL);", new, config=LARGE)
    assert any(s.loses == "the values of y in column public.item.at" for s in found.plan.steps)
    found.both_ways()
    assert run(found.live, "SELECT at::text FROM item ORDER BY id") == [("(1,)",), (None,)]


def test_a_new_label_can_be_written_from_the_deploy_on(make_db: MakeDb, tmp_path: Path) -> None:
    """On small tables as well: the enum is replaced in the contract phase only."""
    found = proved(make_db, tmp_path, ENUM + "INSERT INTO item VALUES (1, 'sad');", MIXED)
    found.run(0)
    run(found.live, "INSERT INTO item (id, mood) VALUES (2, 'meh')")
    found.run(1)
    assert run(found.live, "SELECT mood::text FROM item ORDER BY id") == [("sad",), ("meh",)]


def test_small_tables_move_in_place_beside_large_ones(make_db: MakeDb, tmp_path: Path) -> None:
    few = "CREATE TABLE few (id int PRIMARY KEY, mood mood DEFAULT 'sad');"
    leaves = "CREATE TABLE leaves (id int PRIMARY KEY, mood mood);"
    rows = "INSERT INTO few VALUES (1, 'happy'); INSERT INTO leaves VALUES (1, 'happy'); ANALYZE;"
    many = ROWS.replace("103000", "120000") + rows
    own = "CREATE TYPE own AS ENUM ('ok', 'happy');" + leaves.replace("mood mood", "mood own")
    found = proved(make_db, tmp_path, ENUM + few + leaves + many, f"{REMOVED}\n{few}\n{own}")
    assert "ALTER TABLE public.few ALTER COLUMN mood TYPE" in found.up
    assert found.up.count("ALTER TABLE public.leaves ALTER COLUMN mood TYPE") == 1
    assert "ALTER TABLE public.item ALTER COLUMN mood TYPE" not in found.up
    found.both_ways()
    assert run(found.live, "SELECT mood::text FROM leaves") == [("happy",)]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(ENUM, ENUM.replace(", 'happy'", ""), "what becomes of rows with happy", id="nobody-maps"),
        pytest.param(
            DOMAIN.replace("DEFAULT 1", "NOT NULL"),
            DOMAIN.replace("int DEFAULT 1", "bigint NOT NULL"),
            "written row by row",
            id="domain-with-not-null",
        ),
        pytest.param(
            DOMAIN.replace("DEFAULT 1", "CHECK (VALUE > 0)"),
            DOMAIN.replace("int DEFAULT 1", "bigint CHECK (VALUE > 0)"),
            "holds it inside of another type",
            id="domain-with-checks-in-an-array",
        ),
        pytest.param(
            ENUM + "CREATE INDEX by_better ON item (better(mood));",
            REORDERED + "CREATE INDEX by_better ON item (better(mood));",
            "calls function public.better",
            id="function-in-index",
        ),
    ],
)
def test_what_is_in_the_way_is_said(make_db: MakeDb, tmp_path: Path, old: str, new: str, reason: str) -> None:
    rows = ROWS if "mood" in old else NUMBERS if "amount" in old else POINTS
    found = migration(make_db, tmp_path, old + rows, new, config=LARGE)
    assert reason in " ".join(f.message for f in found.plan.findings if f.severity == "blocked")
