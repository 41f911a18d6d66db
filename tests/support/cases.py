"""Case folders: a schema before and after, rows, and the statements of the old and the new application.

``tests/cases/GROUP/NAME`` holds current.sql and desired.sql; seed.sql (rows), old_app.sql and new_app.sql where the case
has them (app_N.sql for each window N where there are more than two versions); and case.toml with the options of ``Options``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psycopg
from pydantic import ConfigDict, TypeAdapter
from pydantic.dataclasses import dataclass as checked
from tests.support import dumps
from tests.support.migrations import Migration, migration, psql

from migplan.planfile.held_up import held_up_back
from migplan.planfile.units import is_setting, read_units

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from migplan.planfile.model import PlanModel

FOLDER: Final = Path(__file__).parent.parent / "cases"


@checked(frozen=True, config=ConfigDict(extra="forbid"))
class Options:
    """What case.toml says.

    ``server`` is the first major version that knows the case's SQL. ``config`` is the text of its migplan.toml.
    ``deploys`` is the number of checkpoints, ``require`` and ``forbid`` pieces of the up files' SQL, ``findings`` rules that
    must be found. ``blocked`` is a piece of the reason why there is no plan. ``loses`` says that rows don't come back,
    ``counts`` steps that read rows under a lock to see whether they comply,
    ``reads_back`` steps whose way back reads a large table under its lock, ``keeps`` beginnings of pg_dump's statements about what no way back changes, ``stays`` that only the last file can be
    undone without them. ``made_up``: the names that PostgreSQL made up for NOT NULL constraints may differ, and which inherited columns
    and checks their tables declare as well. ``fails`` is
    a known bug, on the servers ``fails_on``.
    """

    server: int = 14
    offline: bool = False
    config: str = ""
    roles: tuple[str, ...] = ()
    deploys: int | None = None
    require: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    findings: tuple[str, ...] = ()
    blocked: str | None = None
    loses: bool = False
    reads_back: tuple[str, ...] = ()
    counts: tuple[str, ...] = ()
    keeps: tuple[str, ...] = ()
    stays: bool = False
    made_up: bool = False
    fails: str | None = None
    fails_on: tuple[int, ...] = (14, 15, 16, 17, 18)


_OPTIONS: Final = TypeAdapter(Options)


@dataclass(frozen=True)
class Case:
    """One folder."""

    path: Path
    options: Options

    @property
    def name(self) -> str:
        """GROUP/NAME."""
        return str(self.path.relative_to(FOLDER))

    def fails_on(self, major: int) -> bool:
        """Whether it shows a known bug on that server."""
        return self.options.fails is not None and major in self.options.fails_on

    def sql(self, name: str) -> str:
        """The text of one of its files, empty where there is none."""
        file = self.path / f"{name}.sql"
        return file.read_text() if file.exists() else ""


def cases() -> list[Case]:
    """Every case, in order of name."""
    return [_case(file.parent) for file in sorted(FOLDER.glob("*/*/current.sql"))]


def _case(path: Path) -> Case:
    file = path / "case.toml"
    return Case(path, _OPTIONS.validate_python(tomllib.loads(file.read_text())) if file.exists() else Options())


def check(case: Case, make_db: Callable[[str], str], path: Path) -> Migration:
    """Plan, and judge the plan: up and down by psql, both applications at each boundary, by pg_dump and by rows."""
    options = case.options
    if options.roles:
        make_roles(make_db(""), options.roles)
    found = migration(
        make_db,
        path,
        case.sql("current") + "\n" + case.sql("seed"),
        case.sql("desired"),
        offline=options.offline,
        config=options.config,
    )
    blocked = [f.message for f in found.plan.findings if f.severity == "blocked"]
    if options.blocked is not None:
        assert any(options.blocked in reason for reason in blocked), blocked
        return found
    _expect_none(blocked)
    assert found.plan.proof.status == "proved", f"{found.plan.proof.step}: {found.plan.proof.error}"
    _expect_facts(found, options)
    there_and_back(case, found, make_db)
    return found


def there_and_back(case: Case, found: Migration, make_db: Callable[[str], str], *, back: bool = True) -> None:
    """Run every file by psql, judge both ends, and let the applications work at each boundary on either way."""
    script, rows = dumps.script(found.live), _rows(found.live)
    files = [(found.folder.files[p.up], found.folder.files[p.down]) for p in found.phases]
    work(case, found, 0)
    for number, (up, _) in enumerate(files, 1):
        psql(found.live, up)
        work(case, found, number)
    live = dumps.script(found.live, "--exclude-schema=migplan")
    _expect_none(_unlike(case, live, dumps.script(found.wanted), make_db))
    assert found.second() == ([], [])
    if not back:
        return
    for number in reversed(range(len(files))):
        if case.options.stays and number < len(files) - 1:
            return
        psql(found.live, files[number][1])
        work(case, found, number)
    left = _unlike(case, dumps.script(found.live), script, make_db)
    _expect_none([line for line in left if not line.split(": ", 1)[1].startswith(case.options.keeps)])
    if not case.options.loses:
        assert _rows(found.live) == rows


def _unlike(case: Case, live: str, wanted: str, make_db: Callable[[str], str]) -> list[str]:
    """How a dump differs from both another one and that one's dump: some expressions print otherwise once they were
    read again."""

    def difference(wanted: str, live: str = live) -> list[str]:
        if not case.options.made_up:
            return dumps.difference(dumps.of(live), dumps.of(wanted))
        one, other = (dumps.of(dumps.without_made_up_names(text)) for text in (live, wanted))
        return dumps.difference(one, other)

    left = difference(wanted)
    again = difference(dumps.script(make_db(wanted))) if left else []
    left = [line for line in left if line in again]
    if not left or not case.options.made_up:
        return left
    live, read = (_all_local(make_db(text)) for text in (live, wanted))
    return difference(read, live)


def _all_local(url: str) -> str:
    """The database's dump with every inherited column, check and NOT NULL declared by its table as well: no ALTER undoes
    that while it is inherited."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute("UPDATE pg_attribute SET attislocal = true WHERE attinhcount > 0")
        db.execute("UPDATE pg_constraint SET conislocal = true WHERE coninhcount > 0 AND contype IN ('c', 'n')")
    return dumps.script(url)


def work(case: Case, found: Migration, boundary: int) -> None:
    """What runs after so many files: the old application until the first deploy, the new one from there on."""
    if case.options.offline:
        return
    for window, script in _apps(case).items():
        began = sum(len(w.phases) for w in found.plan.windows if w.number < window)
        ended = began + sum(len(w.phases) for w in found.plan.windows if w.number == window)
        if began <= boundary <= ended:
            _run(found.live, script, f"the application of window {window} after {boundary} files")
    deploy = sum(len(w.phases) for w in found.plan.windows if w.number == 0)
    if not found.plan.checkpoints:
        deploy = len(found.phases)
    if boundary <= deploy:
        _run(found.live, case.sql("old_app"), f"the old application after {boundary} files")
    if boundary >= deploy:
        _run(found.live, case.sql("new_app"), f"the new application after {boundary} files")


def _apps(case: Case) -> dict[int, str]:
    """Where there are more than two versions: the one that is deployed in each window, out of app_N.sql."""
    return {int(f.stem.removeprefix("app_")): f.read_text() for f in sorted(case.path.glob("app_*.sql"))}


def _run(url: str, script: str, who: str) -> None:
    """An application's statements, in a transaction that is taken back so that the rows stay comparable."""
    with psycopg.connect(url) as db:
        for statement in dumps.statements(script):
            try:
                db.execute(statement.encode())
            except psycopg.Error as error:
                raise AssertionError(f"{who}: {statement}: {error}") from error
        db.execute("SET CONSTRAINTS ALL IMMEDIATE")
        db.rollback()


def _expect_facts(found: Migration, options: Options) -> None:
    plan: PlanModel = found.plan
    if options.deploys is not None:
        assert len(plan.checkpoints) == options.deploys, plan.checkpoints
    _expect_none([f"lacks: {text}" for text in options.require if text not in found.up])
    _expect_none([f"has: {text}" for text in options.forbid if text in found.up])
    _expect_none(sorted(set(options.findings) - {f.rule for f in plan.findings}))
    if "small_table_rows = 0" in options.config and not options.offline:
        held = list(_held_up_on_the_way_back(found))
        told = {f.step for f in plan.findings if f.rule == "long-way-back"}
        _expect_none([line for line in held if line.split()[0] not in options.reads_back])
        _expect_none([f"{line}, and no finding says so" for line in held if line.split()[0] not in told])
        _expect_none([line for line in _counted_under_locks(found) if line.split()[0] not in options.counts])


def _counted_under_locks(found: Migration) -> Iterator[str]:
    """Steps that read a table's rows, to see whether they comply, in a transaction that holds a lock already."""
    names = [name for phase in found.phases for name in (phase.up, phase.down)]
    for unit in (unit for name in names for unit in read_units(name, found.folder.files[name]) if unit.transactional):
        locked = False
        for command in (c for c in unit.commands if not is_setting(c)):
            counts = "offenders := (SELECT count(*)" in command.sql
            if counts and locked:
                yield f"{command.step} counts rows behind other steps of {unit.name}"
            locked = locked or not counts


def _held_up_on_the_way_back(found: Migration) -> Iterator[str]:
    """Steps whose way back reads or rewrites a table with rows that has stayed, while others wait for it."""
    empty = {name.removeprefix("table ") for name, size in found.plan.sizes.items() if size.rows == 0}
    for held in held_up_back(found.plan, found.folder.files):
        felt = set(held.tables) - empty
        if felt:
            yield f"{held.step} reads {', '.join(sorted(felt))} on the way back, and locks it"


def _expect_none(found: list[str]) -> None:
    """Fail with all of them, one a line."""
    if found:
        raise AssertionError("\n".join(found))


def _rows(url: str) -> dict[str, list[str]]:
    """The rows of every table, by its name, in no order of rows or columns."""
    with psycopg.connect(url) as db:
        db.execute("SET search_path = pg_catalog")
        tables = db.execute(
            "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' ORDER BY 1"
        ).fetchall()
        return {
            table: sorted(row for (row,) in db.execute(f"SELECT to_jsonb(t)::text FROM ONLY {table} t".encode()))
            for (table,) in tables
        }


def make_roles(url: str, roles: tuple[str, ...]) -> None:
    """The roles, where they aren't there yet; they stay."""
    with psycopg.connect(url, autocommit=True) as db:
        for role in roles:
            make = f'CREATE ROLE "{role}"'
            db.execute(
                f"DO $$ BEGIN {make}; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$".encode()
            )
