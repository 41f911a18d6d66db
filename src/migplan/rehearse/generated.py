"""An application generated from a schema: each session inserts, upserts, updates, reads and deletes its own rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Final

from migplan.rehearse.application import Actor
from migplan.rehearse.tables import Row, TableWork
from migplan.source.connect import Connection

SLOTS: Final = 6
"""Rows of each table that a session works on."""
_CYCLE: Final = ("insert", "select", "update", "upsert", "transaction", "select", "delete", "upsert", "update")
Key = tuple[str | None, ...]
Names = Mapping[tuple[str, str], tuple[str, str]]
"""From a table's title and a column's name in one version to those in the other."""


@dataclass(frozen=True)
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
        step, work = self._turn // len(self.tables), self.tables[number]
        self._at = (number, step % len(self.application.share(work, self.session)))
        return self._do(connection, work, _CYCLE[(step // SLOTS + self.session + step % SLOTS) % len(_CYCLE)])

    def unsure(self) -> None:
        """See :class:`Actor`."""
        self._rows.pop(self._at, None)
        self._keys.pop(self._at, None)

    def lost(self) -> Sequence[str]:
        """See :class:`Actor`."""
        return self._lost

    def written(self) -> Iterable[tuple[TableWork, Key, Row | None]]:
        """Every row: its key and what it holds."""
        present = ((self.tables[at[0]], key, self._rows.get(at)) for at, key in self._keys.items())
        return chain(present, ((work, key, None) for work, key in self._gone[-SLOTS * 4 :]))

    def _do(self, connection: Connection, work: TableWork, wanted: str) -> str:
        row, texts = self._rows.get(self._at), work.statements
        if row is None:
            if wanted == "upsert" and texts.upsert is not None:
                return self._write(connection, work, "upsert", texts.upsert, self._own(work), ())
            return self._write(connection, work, "insert", texts.insert, self._own(work), ())
        key = self._keys[self._at]
        if wanted in ("update", "transaction") and texts.update is not None:
            other = self._other(work)
            new = {**row, **{c: other[c] for c in work.changed}}
            if wanted == "update":
                return self._write(connection, work, "update", texts.update, new, key)
            with connection.transaction():
                self._see(connection.execute(texts.lock.encode(), key).fetchone(), work, row)
                values = [*(new[c] for c in work.changed), *key]
                seen = connection.execute(texts.update.encode(), values).fetchone()
            self._acknowledge(work, new, seen)
            return "transaction"
        if wanted == "upsert" and texts.upsert is not None:
            other = self._other(work)
            new = {**row, **{c: other[c] for c in work.changed}}
            return self._write(connection, work, "upsert", texts.upsert, new, ())
        if wanted == "delete":
            connection.execute(texts.delete.encode(), key)
            self._rows[self._at] = None
            if not set(work.key) <= set(work.given):
                self._gone.append((work, key))
                del self._keys[self._at]
            return "delete"
        self._see(connection.execute(texts.select.encode(), key).fetchone(), work, row)
        return "select"

    def _write(
        self, connection: Connection, work: TableWork, operation: str, statement: str, row: Row, key: Key
    ) -> str:
        columns = work.changed if key else work.given
        seen = connection.execute(statement.encode(), [*(row[c] for c in columns), *key]).fetchone()
        self._acknowledge(work, row, seen)
        return operation

    def _acknowledge(self, work: TableWork, row: Row, seen: Sequence[str | None] | None) -> None:
        """What was sent counts as written; the server's word counts for what it made up itself."""
        if seen is None:
            self._say(work, "a row is gone")
            self._rows[self._at] = None
            return
        came = dict(zip(work.read, seen, strict=True))
        sent = {c: v for c, v in row.items() if c in work.kept}
        for column, value in sent.items():
            if came[column] != value:
                self._say(work, f"{column} {_how(came[column])}")
        self._rows[self._at] = came
        self._keys[self._at] = tuple(came[c] for c in work.key)

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
        return work.rows[self.application.share(work, self.session)[self._at[1]]]

    def _other(self, work: TableWork) -> Row:
        """A row whose values may go into any other one, but for its keys."""
        return work.rows[(self._turn * 7 + self.session) % len(work.rows)]


def _how(now: str | None) -> str:
    return "reads NULL instead of the value" if now is None else "reads another value than the one"
