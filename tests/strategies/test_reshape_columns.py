"""Columns that are split, merged or computed, with both versions of the application at work."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.applications import Version
from tests.support.migrations import migration, proved, psql, run
from tests.support.traffic import traffic_while

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

LARGE = "[planning]\nsmall_table_rows = 0\n"
WHOLE = """
CREATE TABLE person (
  id int PRIMARY KEY,
  full_name text NOT NULL DEFAULT '0 nobody',
  country text
);
CREATE INDEX person_name ON person (full_name);
"""
SPLIT = """
-- migplan: reverse full_name = first_name || ' ' || last_name
CREATE TABLE person (
  id int PRIMARY KEY,
  -- migplan: using split_part(full_name, ' ', 1)
  first_name text NOT NULL,
  -- migplan: using split_part(full_name, ' ', 2)
  last_name varchar(20) NOT NULL DEFAULT 'nobody',
  country text
);
CREATE INDEX person_first ON person (first_name);
"""
PARTS = SPLIT.replace("-- migplan:", "-- formerly:")
MERGED = """
-- migplan: reverse first_name = split_part(full_name, ' ', 1)
CREATE TABLE person (
  id int PRIMARY KEY,
  -- migplan: using first_name || ' ' || last_name
  -- migplan: reverse last_name = split_part(full_name, ' ', 2)
  full_name text NOT NULL DEFAULT '0 nobody',
  country text
);
CREATE INDEX person_name ON person (full_name);
"""
ROWS_OF_WHOLE = "INSERT INTO person (id, full_name) SELECT g, g || ' x' FROM generate_series(100000, 103000) g;"
ROWS_OF_PARTS = (
    "INSERT INTO person (id, first_name, last_name) SELECT g, g, 'x' FROM generate_series(100000, 103000) g;"
)


def _version(name: str, columns: str, values: str, changes: str, read: str) -> Version:
    insert = f"INSERT INTO person (id, {columns}) VALUES (%(key)s, {values})"
    return Version(
        name,
        insert=insert,
        update=f"UPDATE person SET {changes} WHERE id = %(key)s",
        upsert=f"{insert} ON CONFLICT (id) DO UPDATE SET {changes}",
        read=f"SELECT {read} FROM person WHERE id = %(key)s",
        delete="DELETE FROM person WHERE id = %(key)s",
    )


SAYS_WHOLE = _version(
    "whole",
    "full_name",
    "%(value)s::int || ' x'",
    "full_name = %(value)s::int || ' y'",
    "split_part(full_name, ' ', 1)::int",
)
SAYS_PARTS = _version(
    "parts",
    "first_name, last_name",
    "%(value)s::int::text, 'x'",
    "first_name = %(value)s::int::text, last_name = 'y'",
    "first_name::int",
)


@pytest.mark.parametrize("config", [pytest.param("", id="small"), pytest.param(LARGE, id="large")])
@pytest.mark.parametrize(
    ("old", "new", "before", "after"),
    [
        pytest.param(WHOLE + ROWS_OF_WHOLE, SPLIT, SAYS_WHOLE, SAYS_PARTS, id="split"),
        pytest.param(PARTS + ROWS_OF_PARTS, MERGED, SAYS_PARTS, SAYS_WHOLE, id="merge"),
    ],
)
def test_both_versions_write_while_columns_are_split_and_merged(
    make_db: MakeDb, tmp_path: Path, old: str, new: str, before: Version, after: Version, config: str
) -> None:
    found = proved(make_db, tmp_path, old, new, config=config)
    assert len(found.plan.windows) == 2
    for direction in ("up", "down"):
        traffic_while(found, direction, before, after)
    found.both_ways()
    assert not any(s.loses for s in found.plan.steps)


def test_rows_are_converted_and_come_back(make_db: MakeDb, tmp_path: Path) -> None:
    rows = "INSERT INTO person VALUES (1, 'Ada Lovelace', 'uk'), (2, 'Alan Turing', NULL);"
    found = proved(make_db, tmp_path, WHOLE + rows, SPLIT)

    def between(window: int) -> None:
        if window == 0:
            run(found.live, "INSERT INTO person (id) VALUES (3)")
            run(found.live, "INSERT INTO person (id, first_name) VALUES (4, 'Grace')")
            run(found.live, "UPDATE person SET last_name = 'King' WHERE id = 1")
            run(found.live, "UPDATE person SET full_name = 'Al T' WHERE id = 2")
        else:
            assert run(found.live, "SELECT id, first_name, last_name FROM person ORDER BY id") == [
                (1, "Ada", "King"),
                (2, "Al", "T"),
                (3, "0", "nobody"),
                (4, "Grace", "nobody"),
            ]
            run(found.live, "INSERT INTO person (id, first_name) VALUES (5, 'Edsger')")

    found.both_ways(between)
    assert run(found.live, "SELECT full_name FROM person ORDER BY id") == [
        ("Ada King",),
        ("Al T",),
        ("0 nobody",),
        ("Grace nobody",),
        ("Edsger nobody",),
    ]


def test_without_a_way_back_the_checkpoint_is_one_way(make_db: MakeDb, tmp_path: Path) -> None:
    declared = SPLIT.replace("-- migplan: reverse", "-- no reverse")
    found = proved(make_db, tmp_path, WHOLE + ROWS_OF_WHOLE, declared, config=LARGE)
    contract = " ".join(found.plan.checkpoints[0].contract)
    assert "one-way, because nothing tells full_name" in contract
    assert any(s.loses and "full_name" in s.loses for s in found.plan.steps)
    traffic_while(found, "up", SAYS_WHOLE, SAYS_PARTS)
    assert found.second() == ([], [])


def test_a_computed_column_follows_until_the_application_writes_it(make_db: MakeDb, tmp_path: Path) -> None:
    old = "CREATE TABLE price (id int PRIMARY KEY, net numeric NOT NULL); INSERT INTO price VALUES (1, 100), (2, 200);"
    new = """
    CREATE TABLE price (
      id int PRIMARY KEY,
      net numeric NOT NULL,
      gross numeric NOT NULL -- migplan: using net * 1.2
    );
    """
    found = proved(make_db, tmp_path, old, new, config=LARGE)

    def between(window: int) -> None:
        if window == 0:
            run(found.live, "INSERT INTO price (id, net) VALUES (3, 10)")
            run(found.live, "INSERT INTO price (id, net, gross) VALUES (4, 10, 99)")
            run(found.live, "UPDATE price SET net = 50 WHERE id IN (1, 4)")
            assert run(found.live, "SELECT id, gross::int FROM price ORDER BY id") == [
                (1, 60),
                (2, 240),
                (3, 12),
                (4, 99),
            ]

    found.both_ways(between)


def test_a_table_that_nobody_uses_is_split_at_once(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, WHOLE + ROWS_OF_WHOLE, SPLIT, offline=True)
    assert (len(found.plan.windows), "TRIGGER" in found.up) == (1, False)
    found.both_ways()


def test_rows_written_behind_the_trigger_stop_the_contract(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, WHOLE + ROWS_OF_WHOLE, SPLIT)
    found.run(0)
    run(found.live, "SET session_replication_role = replica; UPDATE person SET full_name = 'x y' WHERE id = 100000")
    with pytest.raises(AssertionError, match="disagree"):
        found.run(1)


@pytest.mark.parametrize(
    ("declared", "reason"),
    [
        pytest.param(SPLIT.replace("reverse full_name", "reverse country"), "country, which isn't dropped", id="stays"),
        pytest.param(
            SPLIT.replace("  country text", "  -- migplan: renamed-from country\n  land text").replace(
                "reverse full_name = ", "reverse full_name = country || "
            ),
            "a directive says country of table public.person, which is declared as land",
            id="renamed",
        ),
        pytest.param(
            SPLIT.replace(
                "  -- migplan: using split_part(full_name, ' ', 1)", "  -- migplan: reverse first_name || ' '"
            ),
            "must say which column it tells",
            id="no-name",
        ),
    ],
)
def test_what_is_in_the_way_is_said(make_db: MakeDb, tmp_path: Path, declared: str, reason: str) -> None:
    found = migration(make_db, tmp_path, WHOLE, declared)
    assert reason in " ".join(f.message for f in found.plan.findings if f.severity == "blocked")


def test_a_reverse_beside_a_table_says_its_column(make_db: MakeDb, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="doesn't say which dropped column"):
        migration(make_db, tmp_path, WHOLE, SPLIT.replace("reverse full_name = ", "reverse "))


def test_mutation_without_the_trigger_is_noticed(make_db: MakeDb, tmp_path: Path) -> None:
    """The traffic above can fail."""
    found = proved(make_db, tmp_path, WHOLE + ROWS_OF_WHOLE, SPLIT, config=LARGE)
    for phase in found.plan.windows[0].phases:
        lines = found.folder.files[phase.up].splitlines()
        psql(found.live, "\n".join(line for line in lines if not line.startswith("CREATE TRIGGER")))
    run(found.live, "INSERT INTO person (id, full_name) VALUES (1, 'a b')")
    assert run(found.live, "SELECT first_name FROM person WHERE id = 1") == [(None,)]
