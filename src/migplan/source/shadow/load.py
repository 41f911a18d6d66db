"""Loading declared statements into a scratch database, in whatever order they were written.

Statements run in batches, one message and one transaction each. What fails is tried again after everything else,
round by round, until a round brings nothing; then the error that is not a consequence of the others is raised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from migplan.core.errors import ShadowError
from migplan.source.connect import Connection
from migplan.source.shadow.batches import Failure, run_batch
from migplan.source.shadow.bodies import check_bodies
from migplan.source.shadow.load_errors import MISSING, error_of, is_missing, root_cause
from migplan.source.text.psqlfile import Loadable, Note, PsqlFile
from migplan.source.text.session import Session, as_session_setting
from migplan.source.text.split import SourceStatement

_BATCH: Final = 64
_SYNTAX_ERROR, _NO_PRIVILEGE, _UNSAFE_NEW_VALUE = "42601", "42501", "55P04"
_ALONE: Final = frozenset({"25001", "2D000"})
"""Commands that refuse to run beside others, and blocks that commit."""

_CURABLE: Final = MISSING | {"42710"}
"""Failures of CREATE EXTENSION that are not about the server's lack of it; 42710 is a duplicate."""

_BASE_SETTINGS: Final = """
RESET ALL;
SET search_path = "$user", public;
SET check_function_bodies = off;
SET client_min_messages = error;
SET synchronous_commit = off;
SET standard_conforming_strings = on;
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET default_tablespace = '';
SET default_table_access_method = heap;
SET datestyle = 'ISO, MDY';
SET intervalstyle = 'postgres';
SET xmloption = 'content'
"""
"""A session as psql would have it on a fresh server, whatever ALTER ROLE and ALTER DATABASE say here."""


def load(connection: Connection, files: Iterable[PsqlFile]) -> list[Note]:
    """Runs every statement of the files in the connected database, which is the caller's to throw away.

    ``connection`` must be in autocommit mode and is left so, with its settings reset. Returns what was skipped.
    Raises ``SourceError`` with file, line and column, or ``ShadowError`` for an extension that the server lacks.
    """
    loadables = [loadable for file in files for loadable in file.loadables]
    loader = _Loader(connection, loadables)
    loader.run([x for x in loadables if not x.last])
    loader.run([x for x in loadables if x.last])
    check_bodies(connection, loadables)
    loader.reset()
    return loader.notes


@dataclass
class _Loader:
    connection: Connection
    loadables: Sequence[Loadable]
    settings: tuple[SourceStatement, ...] | None = None
    notes: list[Note] = field(default_factory=list[Note])

    def run(self, pending: Sequence[Loadable]) -> None:
        """Rounds over ``pending`` until nothing is left; raises when a round doesn't get further."""
        first = True
        while pending:
            others = not all(_concerns_all(loadable) for loadable in pending)
            failures = self._round(pending, all_waits=others and not first)
            if len(failures) == len(pending):
                raise error_of(*root_cause(failures), self.loadables)
            pending = [loadable for loadable, _ in failures]
            first = False

    def reset(self) -> None:
        """Leaves the session as a new one."""
        self.connection.execute("RESET ALL")

    def _round(self, pending: Sequence[Loadable], *, all_waits: bool) -> list[tuple[Loadable, Failure]]:
        failures: list[tuple[Loadable, Failure]] = []
        position, size = 0, _BATCH
        while position < len(pending):
            batch = _batch(pending, position, size, all_waits=all_waits or bool(failures))
            if not batch:
                failures.append((pending[position], _WAITING))
                position += 1
                continue
            done, failure = self._run(batch)
            position += done
            if failure is None:
                size = min(_BATCH, size * 2)
                continue
            size = max(1, size // 4)
            if not self._tolerated(pending[position], failure):
                failures.append((pending[position], failure))
            position += 1
        return failures

    def _run(self, batch: Sequence[Loadable]) -> tuple[int, Failure | None]:
        """How many statements of the batch ran, and why the next one didn't."""
        self._use(batch[0].session)
        done, failure = self._send(batch)
        if failure is None:
            return done, None
        if done:
            self._send(batch[:done])
        if failure.sqlstate in _ALONE or (done and failure.sqlstate == _UNSAFE_NEW_VALUE):
            failure = self._send(batch[done : done + 1])[1]
            done += failure is None
        return done, failure

    def _send(self, batch: Sequence[Loadable]) -> tuple[int, Failure | None]:
        done, failure = run_batch(self.connection, [x.text for x in batch])
        if failure is not None:
            _give_up_if_hopeless(batch[done], failure)
        return done, failure

    def _use(self, session: Session) -> None:
        if self.settings is None or session.settings[: len(self.settings)] != self.settings:
            self.connection.execute(_BASE_SETTINGS)
            self.settings = ()
        for statement in session.settings[len(self.settings) :]:
            failure = run_batch(self.connection, [as_session_setting(statement)])[1]
            if failure is not None:
                raise error_of(Loadable(statement, statement.text, session), failure)
        self.settings = session.settings

    def _tolerated(self, loadable: Loadable, failure: Failure) -> bool:
        """What a dump says without effect on the schema: drops before the first CREATE, comments on extensions."""
        statement = loadable.statement
        if loadable.prelude and is_missing(failure):
            return True
        if statement.begins("COMMENT", "ON", "EXTENSION") and failure.sqlstate == _NO_PRIVILEGE:
            self.notes.append(Note(statement.place, f"comment on an extension not loaded: {failure.message}"))
            return True
        return False


_WAITING: Final = Failure(sqlstate="", message="waits for the statements before it")


def _batch(pending: Sequence[Loadable], start: int, size: int, *, all_waits: bool) -> list[Loadable]:
    """Statements from ``start`` on that share a session, at most ``size``.

    ``all_waits`` holds back grants on ALL objects of a schema, which have to find those that wait for others.
    """
    batch: list[Loadable] = []
    settings = pending[start].session.settings
    for loadable in pending[start : start + size]:
        if loadable.session.settings != settings or (all_waits and _concerns_all(loadable)):
            break
        batch.append(loadable)
    return batch


def _concerns_all(loadable: Loadable) -> bool:
    words = loadable.statement.words
    return words[0] in {"GRANT", "REVOKE"} and ("ON", "ALL") in pairwise(words)


def _give_up_if_hopeless(loadable: Loadable, failure: Failure) -> None:
    """No later statement cures a syntax error or makes an extension available."""
    if failure.sqlstate == _SYNTAX_ERROR:
        raise error_of(loadable, failure)
    if loadable.statement.begins("CREATE", "EXTENSION") and failure.sqlstate not in _CURABLE:
        raise ShadowError(
            f"the shadow server can't create the extension: {failure.message}",
            place=loadable.statement.place,
            hint=(
                "Install the extension there; or name a server that has it in migplan.toml ([shadow] url = …); or give "
                "the target's role CREATEDB, so that the shadow is a scratch database on the target's own server."
            ),
        )
