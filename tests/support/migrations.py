"""A whole migration as users run it: declared files, a live database, the plan's files by psql, window by window."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

import psycopg
from tests.support.both_ways import dump
from tests.support.servers import client

from migplan.cli.inputs import Inputs, gather
from migplan.cli.writing import write
from migplan.core.changes import Change

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from migplan.planfile.folder import PlanFolder
    from migplan.planfile.model import PhaseModel, PlanModel


@dataclass
class Migration:
    """A plan for the database ``live``, from ``old`` to what the script ``new`` declares; ``inputs`` are both sides."""

    live: str
    make_db: Callable[[str], str]
    new: str
    declared: Path
    config: Path
    offline: bool
    inputs: Inputs
    folder: PlanFolder

    @cached_property
    def wanted(self) -> str:
        """A database with what is declared."""
        return self.make_db(self.new)

    @property
    def plan(self) -> PlanModel:
        """The plan's model."""
        return self.folder.plan

    @property
    def up(self) -> str:
        """All up files, in their order."""
        return "\n".join(self.folder.files[phase.up] for phase in self.phases)

    @property
    def phases(self) -> list[PhaseModel]:
        """The phases in the order in which they run."""
        return [phase for window in self.plan.windows for phase in window.phases]

    def run(self, window: int, *, through: str = "contract") -> None:
        """Run a window's phases up to one of them, by psql."""
        for phase in self.plan.windows[window].phases:
            psql(self.live, self.folder.files[phase.up])
            if phase.name == through:
                return

    def both_ways(self, between: Callable[[int], None] | None = None) -> None:
        """Up, window by window (``between`` is called after each); no difference left; down again, as it was."""
        first = dump(self.live)
        for number in range(len(self.plan.windows)):
            self.run(number)
            if between is not None:
                between(number)
        left, renames = self.second()
        assert (left, renames) == ([], [])
        assert dump(self.live) == dump(self.wanted)
        for phase in reversed(self.phases):
            psql(self.live, self.folder.files[phase.down])
        assert dump(self.live) == first

    def second(self) -> tuple[list[Change], list[object]]:
        """What a plan made now would change and rename."""
        again = gather(self.live, [str(self.declared)], config=self.config, offline=self.offline).draft()
        return list(again.changes), list(again.renames)


def migration(
    make_db: Callable[[str], str],
    path: Path,
    old: str,
    new: str,
    *,
    offline: bool = False,
    config: str = "",
    written: str | None = None,
) -> Migration:
    """Load ``old``, declare ``new`` (in the words of ``written``, if given), plan and prove."""
    declared, toml = path / "schema.sql", path / "migplan.toml"
    declared.write_text(new if written is None else written)
    toml.write_text(config)
    live = make_db(old)
    inputs = gather(live, [str(declared)], config=toml, offline=offline)
    folder = write(inputs, inputs.draft(), path / "plan", "test", datetime.now(UTC), prove=True)
    return Migration(live, make_db, new, declared, toml, offline, inputs, folder)


def proved(
    make_db: Callable[[str], str], path: Path, old: str, new: str, *, offline: bool = False, config: str = ""
) -> Migration:
    """The same, where the proof must succeed and nothing may be blocked."""
    found = migration(make_db, path, old, new, offline=offline, config=config)
    assert [f.message for f in found.plan.findings if f.severity == "blocked"] == []
    assert found.plan.proof.status == "proved", found.plan.proof.error
    return found


def psql(url: str, script: str) -> None:
    """Run a script as users do; fails with psql's message."""
    command = [client("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-f", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def run(url: str, statement: str) -> list[tuple[object, ...]]:
    """One statement of an application, and what it returned."""
    with psycopg.connect(url, autocommit=True) as db:
        cursor = db.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []
