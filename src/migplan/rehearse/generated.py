"""An application generated from a schema: each session inserts, upserts, updates, reads and deletes its own rows."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from migplan.core.records import record
from migplan.rehearse.application import Actor
from migplan.rehearse.tables import Row, TableWork
from migplan.source.connect import Connection

SLOTS: Final = 6
"""Rows of each table that a session works on."""
_CYCLE: Final = ("insert", "select", "update", "upsert", "transaction", "select", "delete", "upsert", "update")
Key = tuple[str | None, ...]
Names = Mapping[tuple[str, str], tuple[str, str]]
"""From a table's title and a column's name in one version to those in the other."""


@record(slots=False)
class GeneratedApplication:
    """``renamed`` tells columns of other versions by this one's names; a column that isn't in it isn't compared."""

    name: str
    sessions: int
    tables: Sequence[TableWork]
    about: Sequence[str]
    renamed: Mapping[str, Names] = field(default_factory=dict[str, Names])

    def actor(self, session: int) -> GeneratedActor:
        """A session with its own share of every table's rows."""
        return GeneratedActor(self, session, [t for t in self.tables if self.share(t, session)])

    def share(self, work: TableWork, session: int) -> range:
        """Which of the table's rows that session may write: no other one does."""
        each = len(work.rows) // self.sessions
        if each == 0:
            return range(session, session + 1) if session < len(work.rows) else range(0)
        return range(session * each, session * each + min(each, SLOTS))

    def missing(self, connection: Connection, actors: Iterable[Actor]) -> list[str]:
        """See :class:`Application`."""
        own = {work.shape.title: work for work in self.tables}
        found: list[str] = []
        for actor in actors:
            if isinstance(actor, GeneratedActor):
                names = None if actor.application is self else self.renamed.get(actor.application.name, {})
                for work, key, row in actor.written():
                    found += self._compare(connection, own, names, actor.application.name, work, key, row)
        return found

    def _compare(
        self,
        connection: Connection,
        own: Mapping[str, TableWork],
        names: Names | None,
        writer: str,
        work: TableWork,
        key: Key,
        row: Row | None,
    ) -> list[str]:
        title = work.shape.title
        here = {c: (title, c) for c in work.read} if names is None else {c: names.get((title, c)) for c in work.read}
        mine = next((own[t[0]] for c, t in here.items() if t is not None and t[0] in own and c in work.key), None)
        if mine is None or tuple(t[1] if (t := here[c]) else None for c in work.key) != mine.key:
            return []
        seen = connection.execute(mine.statements.select.encode(), key).fetchone()
        now = None if seen is None else dict(zip(mine.read, seen, strict=True))
        how = "" if names is None else f", read by the {self.name} application"
        if row is None or now is None:
            if (row is None) == (now is None):
                return []
            what = "a deleted row is there again" if row is None else "a row is gone"
            return [f"{title}: {what} that the {writer} application wrote{how}"]
        pairs = {c: t[1] for c, t in here.items() if t is not None and c in work.kept and t[1] in now}
        wrong = [t for c, t in pairs.items() if row[c] != now[t]]
        return [f"{title}.{c} {_how(now[c])} that the {writer} application wrote{how}" for c in wrong]


@dataclass
class GeneratedActor:
    """One session's state: what each of its rows holds, None for one that was deleted."""

    application: GeneratedApplication
    session: int
    tables: Sequence[TableWork]
    _turn: int = 0
    _rows: dict[tuple[int, int], Row | None] = field(default_factory=dict[tuple[int, int], "Row | None"])
    _keys: dict[tuple[int, int], Key] = field(default_factory=dict[tuple[int, int], Key])
    _gone: list[tuple[TableWork, Key]] = field(default_factory=list[tuple[TableWork, Key]])
    _lost: list[str] = field(default_factory=list[str])
    _at: tuple[int, int] = (0, 0)

    def act(self, connection: Connection) -> str:
        """See :class:`Actor`."""
        self._turn += 1
        if not self.tables:
            connection.execute("SELECT 1")
            return "nothing"
        number = (self._turn + self.session) % len(self.tables)
        step = self._turn // len(self.tables)
        at = (number, step % len(self.application.share(self._family(number)[0][1], self.session)))
        return self._do(connection, at, _CYCLE[(step // SLOTS + self.session + step % SLOTS) % len(_CYCLE)])

    def connected(self) -> None:
        """Operations hang together by what the session remembers, not by its connection."""

    def unsure(self) -> None:
        """See :class:`Actor`."""
        for number, _ in self._family(self._at[0]):
            self._rows.pop((number, self._at[1]), None)
            self._keys.pop((number, self._at[1]), None)

    def lost(self) -> Sequence[str]:
        """See :class:`Actor`."""
        return self._lost

    def written(self) -> Iterable[tuple[TableWork, Key, Row | None]]:
        """Every row: its key and what it holds."""
        present = ((self.tables[at[0]], key, self._rows.get(at)) for at, key in self._keys.items())
        return chain(present, ((work, key, None) for work, key in self._gone[-SLOTS * 4 :]))

    def _family(self, number: int) -> list[tuple[int, TableWork]]:
        """The table whose rows those of this one come and go with, and all that share its key; behind it."""
        by_title = {work.shape.title: n for n, work in enumerate(self.tables)}
        while (above := self.tables[number].of) is not None:
            number = by_title[above]
        found = [number]
        found += (n for n, work in enumerate(self.tables) if work.of and by_title[work.of] in found)
        return [(n, self.tables[n]) for n in found]

    def _do(self, connection: Connection, at: tuple[int, int], wanted: str) -> str:
        self._at, work = at, self.tables[at[0]]
        texts, row = work.statements, self._rows.get(at)
        if row is None:
            return self._make(connection, "upsert" if wanted == "upsert" and texts.upsert is not None else "insert")
        key = self._keys[at]
        if wanted in ("update", "transaction") and texts.update is not None:
            new = {**row, **self._changes(work)}
            if wanted == "update":
                return self._write(connection, work, "update", texts.update, new, key)
            with connection.transaction():
                self._see(connection.execute(texts.lock.encode(), key).fetchone(), work, row)
                values = [*(new[c] for c in work.changed), *key]
                seen = connection.execute(texts.update.encode(), values).fetchone()
            self._acknowledge(at, new, seen)
            return "transaction"
        if wanted == "upsert" and texts.upsert is not None:
            return self._write(connection, work, "upsert", texts.upsert, {**row, **self._changes(work)}, ())
        if wanted == "delete":
            return self._delete(connection)
        self._see(connection.execute(texts.select.encode(), key).fetchone(), work, row)
        return "select"

    def _make(self, connection: Connection, operation: str) -> str:
        """A row, and those that share its key, in one transaction."""
        family, made = self._family(self._at[0]), list[tuple[tuple[int, int], Row, Sequence[str | None] | None]]()
        key: Key = ()
        with connection.transaction() if len(family) > 1 else contextlib.nullcontext():
            for number, work in family:
                statement = work.statements.insert
                if operation == "upsert" and work.statements.upsert is not None:
                    statement = work.statements.upsert
                row = {**self._own(work), **dict(zip(work.key, key, strict=bool(key)))}
                seen = connection.execute(statement.encode(), [row[c] for c in work.given]).fetchone()
                made.append(((number, self._at[1]), row, seen))
                if seen is not None and not key:
                    came = dict(zip(work.read, seen, strict=True))
                    key = tuple(came[c] for c in work.key)
        for at, row, seen in made:
            self._acknowledge(at, row, seen)
        return operation

    def _delete(self, connection: Connection) -> str:
        """A row, behind those that share its key."""
        family, slot = self._family(self._at[0]), self._at[1]
        with connection.transaction() if len(family) > 1 else contextlib.nullcontext():
            for number, work in reversed(family):
                connection.execute(work.statements.delete.encode(), self._keys[number, slot])
        first = family[0][1]
        for number, work in family:
            self._rows[number, slot] = None
            if not set(first.key) <= set(first.given):
                self._gone.append((work, self._keys.pop((number, slot))))
        return "delete"

    def _write(
        self, connection: Connection, work: TableWork, operation: str, statement: str, row: Row, key: Key
    ) -> str:
        columns = work.changed if key else work.given
        seen = connection.execute(statement.encode(), [*(row[c] for c in columns), *key]).fetchone()
        self._acknowledge(self._at, row, seen)
        return operation

    def _acknowledge(self, at: tuple[int, int], row: Row, seen: Sequence[str | None] | None) -> None:
        """What was sent counts as written; the server's word counts for what it made up itself."""
        work = self.tables[at[0]]
        if seen is None:
            self._say(work, "a row is gone")
            self._rows[at] = None
            return
        came = dict(zip(work.read, seen, strict=True))
        sent = {c: v for c, v in row.items() if c in work.kept}
        for column, value in sent.items():
            if came[column] != value:
                self._say(work, f"{column} {_how(came[column])}")
        self._rows[at] = came
        self._keys[at] = tuple(came[c] for c in work.key)

    def _see(self, seen: Sequence[str | None] | None, work: TableWork, row: Row) -> None:
        """A row that is read must be what was written."""
        if seen is None:
            self._say(work, "a row is gone")
            self._rows[self._at] = None
            return
        now = dict(zip(work.read, seen, strict=True))
        for column in work.kept:
            if now[column] != row[column]:
                self._say(work, f"{column} {_how(now[column])}")
        self._rows[self._at] = now

    def _say(self, work: TableWork, what: str) -> None:
        self._lost.append(f"{work.shape.title}: {what} that the {self.application.name} application wrote")

    def _own(self, work: TableWork) -> Row:
        """The row of this session's share that belongs into the slot."""
        return work.rows[self._number(work)]

    def _number(self, work: TableWork) -> int:
        _, first = self._family(self._at[0])[0]
        return self.application.share(first, self.session)[self._at[1]]

    def _changes(self, work: TableWork) -> Row:
        """New values: of any other row, but for those that no two rows may have."""
        pool = (*work.rows, *work.spares)
        other, number = pool[(self._turn * 7 + self.session) % len(pool)], self._number(work)
        own = work.spares[number] if self._turn % 2 and number < len(work.spares) else work.rows[number]
        return {c: (own if c in work.distinct else other)[c] for c in work.changed}


def _how(now: str | None) -> str:
    return "reads NULL instead of the value" if now is None else "reads another value than the one"
