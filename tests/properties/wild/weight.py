"""Tables that count as large: with pages and an estimate, whether they hold rows or not."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

import psycopg

from migplan.rehearse.recipes import Cook
from migplan.rehearse.rows import fill
from migplan.rehearse.shapes import read_shapes, written
from migplan.rehearse.statistics import Statistics

if TYPE_CHECKING:
    from collections.abc import Callable

WEIGHED: Final = ("hollow", "kept", "heavy")
"""``hollow`` tables have held rows and hold none, so that no row stops a plan; ``kept`` ones likewise, with ``keep_old``;
``heavy`` ones hold some."""
_ROWS: Final = 3
_TABLES: Final = """
SELECT c.oid::regclass::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""


def weighed(make_db: Callable[[str], str], how: str) -> Callable[[str], str]:
    """Makes databases; the first of them, the live one, with tables that count as large where ``how`` says so."""
    made: list[str] = []

    def make(script: str) -> str:
        made.append(make_db(script))
        if how in WEIGHED and len(made) == 1:
            _weigh(made[0], rows=how == "heavy")
        return made[-1]

    return make


def _weigh(url: str, *, rows: bool) -> None:
    with psycopg.connect(url, autocommit=True) as db:
        shapes = read_shapes(db)
        fill(Cook(db, shapes, Statistics({}, {})), {shape.oid: _ROWS for shape in written(shapes)})
        db.execute("ANALYZE")
        if rows:
            return
        db.execute("SET session_replication_role = replica")
        for (table,) in db.execute(_TABLES).fetchall():
            with suppress(psycopg.Error):  # a published one whose rows nothing tells apart keeps them
                db.execute(f"DELETE FROM ONLY {table}".encode())
