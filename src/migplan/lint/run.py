"""Hand-written migrations, run on a scratch copy of the schema: what each statement locks, rewrites and reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import psycopg

from migplan.core.changes import Change
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import LockMode
from migplan.lint.reading import Migration, control_of
from migplan.planfile.model import MeasuredModel
from migplan.planfile.script import ScriptStatement
from migplan.planning.diff import diff
from migplan.prove.measure import Connections, Measure
from migplan.source.connect import Connection
from migplan.source.reading.introspect import introspect
from migplan.source.reading.managed import Managed
from migplan.source.text.split import SourceStatement

_NOTHING = MeasuredModel(lock=str(LockMode.NONE), rewrite=False, scan=False)


@record(slots=False)
class Ran:
    """One statement and what it did.

    ``locks`` are those that it took, by relation (``schema.name``); ``held`` what earlier statements of its transaction
    had taken. ``lock_timeout`` says whether it would give up waiting.
    """

    statement: SourceStatement
    measured: MeasuredModel
    held: dict[str, str]
    lock_timeout: bool

    @property
    def locks(self) -> dict[str, str]:
        """What it took itself."""
        return self.measured.locks


@record
class Failure:
    """The statement at which the run ended, and what the server said."""

    statement: SourceStatement
    message: str


@record
class Run:
    """What ran, and where it failed if it did."""

    ran: tuple[Ran, ...]
    failure: Failure | None = None


def run(migrations: Iterable[Migration], connections: Connections, *, single_transaction: bool) -> Run:
    """Run the files in order, in the transactions that they write, or each in one of its own."""
    runner = _Runner(connections)
    try:
        for migration in migrations:
            runner.run(migration, single_transaction=single_transaction)
    except _Failed as failed:
        return Run(tuple(runner.ran()), failed.failure)
    return Run(tuple(runner.ran()))


class _Failed(Exception):
    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class _Runner:
    def __init__(self, connections: Connections) -> None:
        self._work = connections.work
        self._measure = Measure(connections)
        self._statements: list[tuple[SourceStatement, int, bool]] = []
        self._transaction = 0

    def run(self, migration: Migration, *, single_transaction: bool) -> None:
        if single_transaction:
            self._work.execute("BEGIN")
            self._measure.begin()
        for statement in migration.statements:
            self._one(statement)
        if self._open and not single_transaction:
            self._work.rollback()
            raise _Failed(Failure(migration.statements[-1], "the transaction that it is in is never committed"))
        if self._open:
            self._work.execute("COMMIT")

    def ran(self) -> Iterator[Ran]:
        """Every statement that ran, with what its transaction held already."""
        results = self._measure.results()
        held: dict[str, str] = {}
        current = 0
        for number, (statement, transaction, limited) in enumerate(self._statements):
            if transaction == 0 or transaction != current:
                held = {}
            current = transaction
            measured = results.get(str(number), _NOTHING)
            yield Ran(statement, measured, dict(held), limited)
            held |= measured.locks

    @property
    def _open(self) -> bool:
        return self._work.info.transaction_status != psycopg.pq.TransactionStatus.IDLE

    def _one(self, statement: SourceStatement) -> None:
        control = control_of(statement)
        try:
            if control is not None:
                self._measure.execute(ScriptStatement(control, None, statement.place))
                self._transaction += control == "begin"
                return
            limited = self._is_limited()
            self._statements.append((statement, self._transaction if self._open else 0, limited))
            step = str(len(self._statements) - 1)
            self._measure.execute(ScriptStatement(statement.text, step, statement.place))
        except psycopg.Error as error:
            said = error.diag.message_primary or str(error)
            raise _Failed(Failure(statement, said)) from None

    def _is_limited(self) -> bool:
        row = self._work.execute("SELECT current_setting('lock_timeout')").fetchone()
        return row is not None and row[0] != "0"


@record
class Changed:
    """What one statement changed in the schema."""

    statement: SourceStatement
    changes: tuple[Change, ...]


def changes_by_statement(
    migrations: Iterable[Migration], connection: Connection, before: Catalog, managed: Managed, settings: Settings
) -> list[Changed]:
    """The files once more in another copy, statement by statement, each committed and looked at."""
    found: list[Changed] = []
    for statement in _statements(migrations):
        connection.execute(statement.text.encode())
        if statement.words[0] in _CHANGING:
            after = managed.of(introspect(connection, managed.scope, again=True))
            found.append(Changed(statement, tuple(diff(before, after, settings))))
            before = after
    return found


_CHANGING = frozenset({"ALTER", "COMMENT", "CREATE", "DO", "DROP", "GRANT", "REVOKE", "SELECT", "CALL", "WITH"})
"""What can change a schema, by itself or through a function."""


def _statements(migrations: Iterable[Migration]) -> Sequence[SourceStatement]:
    return [s for m in migrations for s in m.statements if control_of(s) is None]
