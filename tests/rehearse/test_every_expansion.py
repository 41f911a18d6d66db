"""Every row of the expansions with a checkpoint, rehearsed at full speed: no error, no lost write, no long stall.

Each folder of tests/cases/expansions is planned as it is there, mostly as if its tables were large. Both versions work
while ``migplan rehearse`` runs the plan: sessions that the rehearsal makes out of the schemas, and one that says what the
folder's old_app.sql and new_app.sql say, in a transaction that is taken back. These two write rows of their own: one that
both write at the same moment may end a transaction in a deadlock where its halves are in two tables (docs/directives.md).
"""

from __future__ import annotations

import json
import re
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.conftest import databases
from tests.support.cases import Case, cases, make_roles
from tests.support.dumps import statements
from tests.support.migrations import migration
from tests.support.servers import server

from migplan.cli.main import run
from migplan.rehearse import rehearsal
from migplan.rehearse.script import read_application

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from migplan.rehearse.application import Actor, Application
    from migplan.source.connect import Connection

WITHOUT_DEPLOY = (
    "add_column_with_volatile_default",
    "add_index",
    "add_stored_generated_column_to_large_table",
    "partition_large_table",
)
"""Of the rows without a checkpoint, those whose plans are long under way."""
ROWS = [
    case
    for case in cases()
    if case.name.startswith("expansions/") and case.options.blocked is None
    if case.options.deploys != 0 or case.path.name in WITHOUT_DEPLOY
]
SESSIONS = 3
COUNTS_ALL = re.compile(r"count\([^)]*\) = \d+|NOT EXISTS \(SELECT FROM")
"""Other sessions' rows come and go."""
OF_SEED = {
    "expansions/partition_large_table": re.compile("^(UPDATE|DELETE FROM) event"),
    "expansions/widen_primary_key_with_foreign_keys": re.compile("^DELETE FROM (sale|item) WHERE id = 3"),
}
"""Statements about rows that other rows refer to in a rehearsal, and don't in the case."""


@pytest.mark.parametrize("case", ROWS, ids=[c.path.name for c in ROWS])
def test_nobody_notices(
    case: Case,
    request: pytest.FixtureRequest,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(rehearsal, "with_files", beside(case, tmp_path))
    with databases(server(major_for(case, str(request.config.getoption("--pg"))))) as make:
        if case.options.roles:
            make_roles(make(""), case.options.roles)
        live = f"{case.sql('current')}\n{case.sql('seed')}\nANALYZE;"
        found = migration(make, tmp_path, live, case.sql("desired"), config=case.options.config)
        capsys.readouterr()
        arguments = ["--target", found.live, "--server", make(""), "--config", str(found.config), "--format", "json"]
        fast = ["--seconds", "0.25", "--sessions", str(SESSIONS), "--rate", "0"]
        status = run(["rehearse", str(found.folder.path), *arguments, *fast])
        printed = capsys.readouterr()
    assert printed.err == ""
    report: dict[str, Any] = json.loads(printed.out)
    assert (report["errors"], report["lost_writes"], report["failure"]) == ({}, {}, None)
    assert status == 0, f"a stall of {report['longest_stall']} s"
    assert report["gaps"] == []
    about = [said for application in report["applications"].values() for said in application]
    assert [said for said in about if "left out" in said and "has no key" not in said] == []
    assert len(found.plan.checkpoints) == len([p for p in report["periods"] if p["title"].startswith("checkpoint ")])


def major_for(case: Case, asked: str) -> int:
    """One of the run's servers; a hash of the name says which, so that all of them have their share."""
    majors = [m for m in map(int, asked.split(",")) if m >= case.options.server] or [case.options.server]
    return majors[zlib.crc32(case.name.encode()) % len(majors)]


def beside(case: Case, folder: Path) -> Any:
    """What the rehearsal does with its versions: each gets a session more, with the case's own statements."""

    def with_scripts(found: Sequence[Application], old: object, new: object) -> list[Application]:
        windows = [script(case, folder, number, last=number == len(found) - 1) for number in range(len(found))]
        return [
            a if text is None else Both(a, read_application(a.name, n, text))
            for n, (a, text) in enumerate(zip(found, windows, strict=True))
        ]

    return with_scripts


def script(case: Case, folder: Path, number: int, *, last: bool) -> Path | None:
    """The statements of a version: old_app.sql, app_N.sql of its window, new_app.sql of the last one."""
    text = case.sql(f"app_{number}") or (case.sql("old_app") if number == 0 else case.sql("new_app") if last else "")
    unfit = OF_SEED.get(case.name)
    said = [s for s in statements(text) if not COUNTS_ALL.search(s) and not (unfit and unfit.match(s))]
    if not said:
        return None
    file = folder / f"version_{number}.sql"
    file.write_text("\n".join(f"{s.rstrip(';')};" for s in ("BEGIN", *said, "ROLLBACK")))
    return file


@dataclass(frozen=True)
class Both:
    """A generated application whose last session says what a file says."""

    made: Application
    written: Application

    @property
    def name(self) -> str:
        return self.made.name

    @property
    def about(self) -> Sequence[str]:
        return self.made.about

    def actor(self, session: int) -> Actor:
        return self.written.actor(session) if session == SESSIONS - 1 else self.made.actor(session)

    def missing(self, connection: Connection, actors: Iterable[Actor]) -> list[str]:
        return self.made.missing(connection, actors)
