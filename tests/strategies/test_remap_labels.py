"""Labels that an enum loses: rows go where the directive says, or the plan stops before anything is locked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.migrations import migration, proved, psql, run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb

OLD = """
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE person (id int PRIMARY KEY, mood mood NOT NULL DEFAULT 'ok', moods mood[]);
CREATE VIEW fine AS SELECT * FROM person WHERE mood = 'ok';
INSERT INTO person VALUES (1, 'happy', '{happy,sad}'), (2, 'sad', NULL);
"""
DECLARED = OLD[: OLD.index("INSERT INTO")]
FEWER = DECLARED.replace(", 'happy'", "")


def test_rows_move_to_another_label(make_db: MakeDb, tmp_path: Path) -> None:
    leaves = "CREATE TABLE leaves (id int PRIMARY KEY, mood mood);"
    own = "CREATE TYPE own AS ENUM ('ok', 'happy');" + leaves.replace("mood mood", "mood own")
    old, new = OLD + leaves + "INSERT INTO leaves VALUES (1, 'happy');", FEWER + own
    found = proved(make_db, tmp_path, old, f"-- migplan: values happy => ok\n{new.strip()}")
    found.both_ways()
    assert run(found.live, "SELECT mood::text, moods::text[] FROM person ORDER BY id") == [
        ("ok", ["ok", "sad"]),
        ("sad", None),
    ]
    assert run(found.live, "SELECT mood::text FROM leaves") == [("happy",)], "it goes to a type that has the label"
    assert any(s.loses for s in found.plan.steps)


def test_a_renamed_label_lives_beside_the_old_one_until_the_deploy(make_db: MakeDb, tmp_path: Path) -> None:
    declared = DECLARED.replace("'happy'", "'joyful'")
    found = proved(make_db, tmp_path, OLD, f"-- migplan: values happy => joyful\n{declared.strip()}")

    def between(window: int) -> None:
        if window == 0:
            run(found.live, "INSERT INTO person VALUES (3, 'happy'), (4, 'joyful')")

    found.both_ways(between)
    assert run(found.live, "SELECT mood::text FROM person ORDER BY id") == [
        ("happy",),
        ("sad",),
        ("happy",),
        ("happy",),
    ]


def test_rows_that_nobody_maps_stop_the_plan(make_db: MakeDb, tmp_path: Path) -> None:
    found = proved(make_db, tmp_path, OLD, FEWER)
    with pytest.raises(AssertionError, match="holds labels that are removed"):
        psql(found.live, found.up)


def test_a_large_table_is_not_written_anew_under_lock(make_db: MakeDb, tmp_path: Path) -> None:
    found = migration(make_db, tmp_path, OLD, FEWER, config="[planning]\nsmall_table_rows = 0\n")
    assert "writes every row of table public.person" in " ".join(f.message for f in found.plan.findings)
