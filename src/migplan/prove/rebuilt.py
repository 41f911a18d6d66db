"""The live schema rebuilt in the shadow, out of its catalog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from migplan.core.errors import ProofError
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.steps import Statement, Step
from migplan.planning.plan import draft
from migplan.source.connect import Connection
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed
from migplan.source.reading.unmodelled import NEEDED
from migplan.source.shadow.batches import run_batch

_BATCH: Final = 100
"""Statements in one message, which PostgreSQL runs as one transaction."""


def rebuild_live(before: Catalog, connection: Connection, *, managed: Managed, settings: Settings) -> None:
    """Create the live schema in an empty database, out of its catalog."""
    offline = replace(settings, offline=True)
    empty = managed.of(introspect(connection, managed.scope, again=True))
    plan = draft(empty, before, settings=offline)
    connection.autocommit = True
    connection.execute("SET check_function_bodies = off; SET client_min_messages = warning")
    for batch in _batches(plan.steps):
        done, failure = run_batch(connection, [statement.sql for _, statement in batch])
        if failure is not None:
            raise ProofError(
                f"the live schema can't be rebuilt in the shadow: {failure.message}",
                place=str(batch[min(done, len(batch) - 1)][0].object),
                hint=_hint(before),
            )


def _hint(before: Catalog) -> str:
    own = [f"{u.what} {u.name}" for u in before.unmodelled if u.what in NEEDED]
    if own:
        return f"{', '.join(own)} isn't modelled: make it by [shadow] setup, and leave it out of the declaration."
    return "Objects that it needs may lie outside of the managed schemas: load them by [shadow] setup."


def _batches(steps: Iterable[Step]) -> Iterator[list[tuple[Step, Statement]]]:
    """The statements in messages that are neither too many nor too long; alone what can't run in a transaction."""
    batch: list[tuple[Step, Statement]] = []
    for step in steps:
        for statement in step.up:
            if batch and (len(batch) == _BATCH or not statement.transactional):
                yield batch
                batch = []
            batch.append((step, statement))
            if not statement.transactional:
                yield batch
                batch = []
    if batch:
        yield batch
