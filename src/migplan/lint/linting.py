"""The pipeline of ``migplan lint``: run on a copy, measured; once more by statement; judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from migplan.core.model import Catalog
from migplan.findings.base import Subject
from migplan.findings.policy import Policy
from migplan.lint.base import Tables
from migplan.lint.copies import Copies
from migplan.lint.judge import Remark, in_order, of_changes, of_failure, of_statements, refuse_unknown
from migplan.lint.reading import Migration
from migplan.lint.run import Changed, Run, changes_by_statement, run
from migplan.planning.plan import draft
from migplan.prove.measure import Connections


def remarks_on(
    migrations: Sequence[Migration], copies: Copies, policy: Policy, *, single_transaction: bool
) -> list[Remark]:
    """What is to be said of the migrations, in the order of their statements.

    Raises ``DirectiveError`` for an ``allow`` of what doesn't exist.
    """
    refuse_unknown(statement for migration in migrations for statement in migration.statements)
    before, after, ran = _run(migrations, copies, single_transaction=single_transaction)
    touched = frozenset(name for one in ran.ran for name in one.locks)
    before = before.with_sizes(copies.sizes(touched))
    found = [*of_statements(ran.ran, Tables(before, copies.settings), policy)]
    if ran.failure is not None:
        found.append(of_failure(ran.failure))
    elif after.fingerprint != before.fingerprint:
        found += _of_changes(migrations, copies, before, after, policy)
    return in_order(found)


def _run(migrations: Sequence[Migration], copies: Copies, *, single_transaction: bool) -> tuple[Catalog, Catalog, Run]:
    """The schema before and after, and what ran in between."""
    with copies.one() as database:
        before = copies.read(database)
        with (
            contextlib.closing(database.connect()) as work,
            contextlib.closing(database.connect()) as watch,
        ):
            ran = run(migrations, Connections(work, watch), single_transaction=single_transaction)
        return before, copies.read(database), ran


def _of_changes(
    migrations: Sequence[Migration], copies: Copies, before: Catalog, after: Catalog, policy: Policy
) -> Iterator[Remark]:
    subject = Subject(draft(before, after, settings=copies.settings), before, after, copies.settings)
    yield from of_changes(subject, _by_statement(migrations, copies, before), policy)


def _by_statement(migrations: Sequence[Migration], copies: Copies, before: Catalog) -> list[Changed]:
    with copies.one() as database, contextlib.closing(database.connect()) as connection:
        return changes_by_statement(migrations, connection, before, copies.managed, copies.settings)
