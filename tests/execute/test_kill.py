"""kill -9 at every place where a run changes something: whoever runs it again gets where it would have got."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import pytest
from tests.support import every_move
from tests.support.dumps import difference
from tests.support.every_step import NEW, OLD, ROWS
from tests.support.killing import Killer
from tests.support.live import State, back_to, copy_of, drop, expect_same, large, order, state, to_the_end
from tests.support.migrations import proved, psql

from migplan.core.errors import MigplanError
from migplan.execute.apply import apply
from migplan.execute.order import Permissions

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

    from migplan.execute.order import Intent

STATEMENTS_AT_LEAST = 150
MOVES_AT_LEAST = 100
UNITS_AT_LEAST = 40
GOES_FOR_GOOD = re.compile(r"^there by (?:retire|drop:table|backup:table)|in the middle of DROP")
FILLED = ("country", "amount", "kind", "fax")


@pytest.fixture
def every_step(make_db: MakeDb, tmp_path: Path) -> Migration:
    """A plan with a step of every kind, over rows."""
    return large(make_db, tmp_path, OLD + ROWS, NEW)


@pytest.mark.pg(18)
def test_every_statement_up_and_down(every_step: Migration) -> None:
    uninterrupted = copy_of(every_step.live, every_step.live.rpartition("/")[2] + "_u")
    try:
        to_the_end(every_step.folder, uninterrupted)
        wanted = state(uninterrupted)
        back_to(every_step.folder, uninterrupted)
        before = state(uninterrupted)
    finally:
        drop(uninterrupted)
    with Killer(every_step.folder.path) as killer:
        while killer.run(every_step.live, "up") is not None:
            pass
        expect_same(state(every_step.live), wanted)
        upwards = len(killer.places)
        while killer.run(every_step.live, "down") is not None:
            pass
        expect_same(state(every_step.live), before)
    assert upwards > STATEMENTS_AT_LEAST
    assert len(killer.places) - upwards > STATEMENTS_AT_LEAST


@pytest.mark.pg(14)
def test_values_and_rows_that_move(make_db: MakeDb, tmp_path: Path) -> None:
    """With rows that come between the ways into what only the new form has; and back from where something went."""
    found = proved(make_db, tmp_path, every_move.OLD + every_move.ROWS, every_move.NEW, config=every_move.CONFIG)
    uninterrupted = copy_of(found.live, found.live.rpartition("/")[2] + "_u")
    try:
        to_the_end(found.folder, uninterrupted)
        wanted = state(uninterrupted)
        psql(uninterrupted, every_move.WRITTEN)
        back_to(found.folder, uninterrupted)
        before = state(uninterrupted)
    finally:
        drop(uninterrupted)
    first, name = state(found.live), found.live.rpartition("/")[2] + "_b"
    with Killer(found.folder.path, sparing=True) as killer:
        while (place := killer.run(found.live, "up")) is not None:
            if not GOES_FOR_GOOD.search(place):
                continue
            copy = copy_of(found.live, name)
            try:
                assert killer.run(copy, "down", kill=False) is None
                expect_same(state(copy), first)
            finally:
                drop(copy)
        expect_same(state(found.live), wanted)
        upwards = len(killer.places)
        psql(found.live, every_move.WRITTEN)
        while killer.run(found.live, "down") is not None:
            pass
        expect_same(state(found.live), before)
    assert upwards > MOVES_AT_LEAST
    assert len(killer.places) - upwards > MOVES_AT_LEAST


@pytest.mark.pg(14)
def test_back_from_wherever_it_was_killed(every_step: Migration) -> None:
    """In every third unit, and at every statement that is no part of a transaction."""
    first, seen = state(every_step.live), set[str]()
    name = every_step.live.rpartition("/")[2] + "_b"
    path = every_step.folder.path
    with Killer(path, once=True, besides="CONCURRENTLY") as killer, Killer(path) as leading_back:
        while (place := killer.run(every_step.live, "up")) is not None:
            unit = place.partition(" |")[0]
            fresh = unit not in seen
            seen.add(unit)
            if not (fresh and len(seen) % 3 == 0) and "CONCURRENTLY" not in place:
                continue
            copy = copy_of(every_step.live, name)
            try:
                assert leading_back.run(copy, "down", kill=False) is None
                found = state(copy)
            finally:
                drop(copy)
            assert difference(found.schema, first.schema) == [], place
            assert without_filled(found) == without_filled(first), place
    assert len(seen) > UNITS_AT_LEAST


LOOSE = "CREATE TABLE item (id int PRIMARY KEY, code int NOT NULL, note text, size int)"
TIGHT = """
CREATE TABLE item (id int PRIMARY KEY, code int NOT NULL UNIQUE, note text, size int);
INSERT INTO item SELECT g, g, 'n', g FROM generate_series(1, 120) g;
ANALYZE;
"""
DEPLOYED = Permissions(data_loss=True, assume_deployed=True)
REMADE = "the rest of that file runs first"


class Shown(list[str]):
    """What an operator was shown to be in the way, who agreed to it all."""

    def __call__(self, intent: Intent) -> None:
        self.extend(map(str, intent.concerns))


@pytest.mark.pg(18)
def test_forwards_from_wherever_the_way_back_was_killed(make_db: MakeDb, tmp_path: Path) -> None:
    """Also from where something was made that only the way back needs, or half made."""
    found = large(make_db, tmp_path, TIGHT, LOOSE)
    name, undone_first = found.live.rpartition("/")[2] + "_f", list[bool]()
    to_the_end(found.folder, found.live)
    wanted = state(found.live)
    with Killer(found.folder.path, once=True, besides="CONCURRENTLY") as killer:
        while (place := killer.run(found.live, "down")) is not None:
            url, shown = copy_of(found.live, name), Shown()
            try:
                apply(found.folder, order(url, permissions=DEPLOYED, agree=shown))
                expect_same(state(url), wanted)
            except (AssertionError, MigplanError) as error:
                raise AssertionError(f"after {place}") from error
            finally:
                drop(url)
            undone_first.append(any(REMADE in concern for concern in shown))
    assert {True, False} == set(undone_first)


def without_filled(found: State) -> list[str]:
    """The rows without what a backfill without a way back fills, and without what is dropped."""
    kept = [rows for table, rows in found.rows.items() if table != "shop.old_stuff"]
    rows = [json.loads(row) for table in kept for row in table.elements()]
    return sorted(json.dumps({k: v for k, v in row.items() if k not in FILLED}, sort_keys=True) for row in rows)
