"""PostgreSQL's own judgement: the statements that a server takes, in an order in which it takes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from collections.abc import Iterable

QUIET = "SET check_function_bodies = off"
NOTHING_DEFERRED = "SET CONSTRAINTS ALL IMMEDIATE"
"""Else a row that no commit would take passes."""


def sifted(url: str, statements: Iterable[str], ground: Iterable[str] = (), *, retried: bool = True) -> list[str]:
    """Those that succeed in an empty database behind the ``ground``, those that fail at first tried again after the
    others, if wanted. The database stays empty."""
    taken: list[str] = []
    with psycopg.connect(url) as db:
        db.execute("SET client_min_messages = error")
        for statement in (QUIET, *ground, NOTHING_DEFERRED):
            db.execute(statement.encode())
        waiting, before = list(statements), -1
        while len(waiting) != before:
            before = len(waiting)
            waiting = [s for s in waiting if not _takes(db, s, taken) and retried]
        db.rollback()
    return taken


def _takes(db: psycopg.Connection[tuple[object, ...]], statement: str, taken: list[str]) -> bool:
    db.execute("SAVEPOINT here")
    try:
        db.execute(statement.encode())
    except psycopg.Error:
        db.execute("ROLLBACK TO here")
        return False
    db.execute("RELEASE here")
    taken.append(statement)
    return True
