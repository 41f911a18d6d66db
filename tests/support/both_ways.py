"""Two scripts, a draft between them, its statements run on a real database: up, compared, and down again."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from tests.support.dumps import pg_dump

from migplan.core.settings import Settings
from migplan.core.steps import Down
from migplan.planning.diff import diff
from migplan.planning.plan import draft
from migplan.prove.proof import describe
from migplan.source.connect import Connection, connect
from migplan.source.reading.introspect import introspect
from migplan.source.reading.sizes import probe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from migplan.core.model import Catalog
    from migplan.core.steps import Statement

OFFLINE = Settings(offline=True)
_SESSION = "SET search_path = ''; SET check_function_bodies = off; SET client_min_messages = warning"
_LEFT_OUT = ("--", "\\", "password '", "api_key '")


@dataclass(frozen=True)
class BothWays:
    """The SQL that was run up and down, in its order."""

    up: tuple[str, ...]
    down: tuple[str, ...]


def both_ways(
    make_db: Callable[[str], str], before: str, after: str, *, settings: Settings = OFFLINE, down: bool = True
) -> BothWays:
    """Lead a database of ``before`` to ``after`` and back; fails where a difference remains on either side."""
    live, wanted = make_db(before), make_db(after)
    declared, first = read(wanted), dump(live)
    with closing(connect(live)) as looking:
        start = _read(looking)
        steps = draft(start, declared, settings=settings).steps
        ups = [(step.up, step.transactional) for step in steps]
        downs = [(s.down.statements, s.transactional) for s in reversed(steps) if isinstance(s.down, Down)]
        _run_steps(live, ups)
        _expect_equal(_read(looking), declared, settings, "up")
        assert dump(live) == dump(wanted)
        if down:
            _run_steps(live, downs)
            _expect_equal(_read(looking), start, settings, "down")
            assert dump(live) == first
    return BothWays(*(tuple(_text(s) for statements, _ in way for s in statements) for way in (ups, downs)))


def from_nothing(make_db: Callable[[str], str], script: str, *, settings: Settings = OFFLINE) -> BothWays:
    """Create all of it in an empty database, and drop all of it again."""
    return both_ways(make_db, "", script, settings=settings)


def read(url: str) -> Catalog:
    """The catalog of a database."""
    with psycopg.connect(url) as db:
        return _read(db)


def _read(db: Connection) -> Catalog:
    found = introspect(db, again=True)
    return probe(db, found, found.sizes, limit=0)


def _expect_equal(live: Catalog, declared: Catalog, settings: Settings, way: str) -> None:
    found = [describe(change) for change in diff(live, declared, settings)]
    if found:
        raise AssertionError(f"differences after the way {way}:\n" + "\n".join(found))


def dump(url: str, *options: str) -> list[str]:
    """What pg_dump says of the database, line by line, without its comments and in no order; passwords left out."""
    text = pg_dump(url, *options)
    lines = (line.rstrip(",") for line in text.splitlines())
    return sorted(line for line in lines if line and not line.lstrip().startswith(_LEFT_OUT))


def _run_steps(url: str, steps: Iterable[tuple[Iterable[Statement], bool]]) -> None:
    """Each in its own transaction, where it stands one."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(_SESSION)
        for statements, transactional in steps:
            with db.transaction() if transactional else nullcontext():
                for statement in statements:
                    db.execute(str(statement.sql).encode())


def run(url: str, statements: Iterable[Statement]) -> None:
    """Run them one by one, each in its own transaction."""
    with psycopg.connect(url, autocommit=True) as db:
        db.execute(_SESSION)
        for statement in statements:
            db.execute(str(statement.sql).encode())


def _text(statement: Statement) -> str:
    return str(statement.sql)
