"""Plans between random schemas, killed at random statements: whoever goes on, or back, gets where it would have got."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import event, given, note, settings
from hypothesis import strategies as st
from tests.conftest import databases
from tests.properties.render import ROLE
from tests.properties.wild.draw import READER, WRITER
from tests.properties.wild.examples import example
from tests.support.cases import make_roles
from tests.support.killing import Killer
from tests.support.live import LARGE, State, back_to, copy_of, drop, expect_same, state, to_the_end
from tests.support.migrations import migration

from migplan.core.errors import MigplanError

if TYPE_CHECKING:
    from tests.conftest import MakeDb
    from tests.support.migrations import Migration

_MOMENT: Final = re.compile(r'"\d{4}-\d\d-\d\dT[\d:]+\.\d+[+-][\d:]+"')
"""What now() was: it is another one in every run."""
_HOW: Final = st.sampled_from(["empty", "filled", "large", "offline"])


@pytest.mark.pg(18)
@settings(max_examples=max(settings().max_examples // 2, 1))
@given(st.integers(0, 2**31), _HOW, st.lists(st.integers(0, 40), min_size=4, max_size=4))
def test_wild_runs_are_resumed_and_led_back(pg_url: str, seed: int, how: str, moments: list[int]) -> None:
    with databases(pg_url) as make_db, TemporaryDirectory() as path:
        make_roles(pg_url, (ROLE, READER, WRITER))
        plan = plan_of(make_db, Path(path), seed, how)
        if plan is not None and plan.plan.windows:
            _interrupt(plan, moments)


def plan_of(make_db: MakeDb, path: Path, seed: int, how: str) -> Migration | None:
    """The proved plan of that number, for empty tables or filled ones, small or large; None where there is none."""
    found = example(make_db(), seed)
    old = found.old + (found.rows if how in ("filled", "large") else "")
    note(f"seed {seed}, {how}, edits: {found.edits}\n--- current.sql\n{old}\n--- desired.sql\n{found.new}")
    config = f"manage.schemas = {json.dumps(found.schemas)}\n{LARGE if how == 'large' else ''}"
    try:
        plan = migration(make_db, path, old, found.new, offline=how == "offline", config=config)
    except MigplanError:
        return None
    return plan if plan.plan.proof.status == "proved" else None


def _interrupt(plan: Migration, moments: list[int]) -> None:
    """Killed twice on the way up, led back from the first place in a copy, and killed twice on the way down."""
    before, name = _state(plan.live), plan.live.rpartition("/")[2]
    copies = [whole := copy_of(plan.live, f"{name}_whole")]
    try:
        try:
            to_the_end(plan.folder, whole)
        except MigplanError:
            event("stopped by rows")
            return
        wanted = _state(whole)
        lossless = not any(step.loses or step.down.irreversible for step in plan.plan.steps)
        if lossless:
            back_to(plan.folder, whole)
            before = _state(whole)
        with Killer(plan.folder.path) as killer:
            killed = killer.run(plan.live, "up", after=moments[0])
            if killed is not None and lossless:
                copies.append(turned := copy_of(plan.live, f"{name}_turned"))
                killer.run(turned, "down", after=moments[1])
                assert killer.run(turned, "down", kill=False) is None
                expect_same(State(_state(turned).schema, {}), State(before.schema, {}))
            killer.run(plan.live, "up", after=moments[1])
            assert killer.run(plan.live, "up", kill=False) is None
            expect_same(_state(plan.live), wanted)
            if lossless:
                killer.run(plan.live, "down", after=moments[2])
                killer.run(plan.live, "down", after=moments[3])
                assert killer.run(plan.live, "down", kill=False) is None
                expect_same(_state(plan.live), before)
    finally:
        for copy in copies:
            drop(copy)


def _state(url: str) -> State:
    found = state(url)
    rows = {table: Counter[str]() for table in found.rows}
    for table, counted in found.rows.items():
        for row, number in counted.items():
            rows[table][_MOMENT.sub('"now"', row)] += number
    return State(found.schema, rows)
