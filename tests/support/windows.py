"""A change on tables with rows, planned as if they were large: its steps as windows, phases and locks, run by psql."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import psycopg
from tests.support.both_ways import dump, read
from tests.support.plans import CAREFUL
from tests.support.servers import client

from migplan.core.directives import Directive, Directives
from migplan.planfile.render import render
from migplan.planning.diff import diff
from migplan.planning.plan import draft
from migplan.prove.proof import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migplan.core.ids import ObjectId
    from migplan.core.model import Catalog
    from migplan.core.settings import Settings
    from migplan.core.steps import Step
    from migplan.planfile.render import PhaseFiles
    from migplan.planning.plan import Draft


class Shape(NamedTuple):
    """Where a step stands (``1 contract``), what it is, and the strongest lock that it promises."""

    place: str
    step: str
    lock: str


@dataclass(frozen=True)
class Plan:
    """A draft on a live database, its files, and the databases' URLs."""

    live: str
    wanted: str
    before: Catalog
    after: Catalog
    draft: Draft
    files: tuple[PhaseFiles, ...]
    settings: Settings

    @property
    def shapes(self) -> list[Shape]:
        """The steps in order. Ids leave out their kind and schema: ``drop:t.a``."""
        return [Shape(f"{f.window} {f.phase}", _short(s), str(s.lock)) for f in self.files for s in f.steps]

    def step(self, name: str) -> Step:
        """The step of that short id."""
        (found,) = [s for s in self.draft.steps if _short(s) == name]
        return found

    def sql(self, name: str) -> list[str]:
        """The statements of the step of that short id."""
        return [str(s.sql) for s in self.step(name).up]


def plan(
    make_db: Callable[[str], str],
    before: str,
    after: str,
    *,
    rows: str = "",
    directives: Iterable[tuple[ObjectId, str, str]] = (),
    settings: Settings = CAREFUL,
) -> Plan:
    """Plan between two scripts; ``rows`` fill the live database. Directives are (object, name, argument)."""
    live, wanted = make_db(before), make_db(after)
    with psycopg.connect(live, autocommit=True) as db:
        db.execute(rows.encode() + b";ANALYZE")
    old, new = read(live), read(wanted)
    said = Directives.of(Directive(name, argument, id, "schema.sql:1:1") for id, name, argument in directives)
    found = draft(old, new, said, settings)
    assert found.blocked == ()
    return Plan(live, wanted, old, new, found, tuple(render(found.segments, settings)), settings)


def there_and_back(found: Plan) -> None:
    """Run the files up, compare with what is declared (and with pg_dump), run them down, compare with the start.

    Backups in the schema migplan are no difference.
    """
    first = dump(found.live)
    for file in found.files:
        psql(found.live, file.up)
    _expect(found.live, found.after, found.settings)
    assert dump(found.live, "--exclude-schema=migplan") == dump(found.wanted)
    for file in reversed(found.files):
        psql(found.live, file.down)
    _expect(found.live, found.before, found.settings)
    assert dump(found.live) == first


def query(url: str, command: str) -> list[tuple[object, ...]]:
    """The rows of a query."""
    with psycopg.connect(url, autocommit=True) as db:
        return db.execute(command.encode()).fetchall()


def psql(url: str, script: str) -> None:
    """Run a script as users run a plan's files; its messages go into the error if it fails."""
    command = [client("psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def _expect(url: str, wanted: Catalog, settings: Settings) -> None:
    assert [describe(change) for change in diff(read(url), wanted, settings)] == []


def _short(step: Step) -> str:
    verb, *_, rest = step.id.split(":", 2)
    return f"{verb}:{rest.removeprefix('public.')}"
