"""An application that a file describes: its statements, one after the other, round after round.

``:key`` is a number that belongs to one session and comes again after a while, ``:session`` the session's number,
``:round`` the round's. A SELECT behind the comment ``-- migplan: acknowledged`` shows what the round wrote: asked again
later with the same key, it must say the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from migplan.core.errors import SourceError
from migplan.core.records import record
from migplan.core.wording import counted
from migplan.rehearse.application import Actor
from migplan.source.connect import Connection
from migplan.source.text.files import SourceText
from migplan.source.text.split import SourceStatement, split

_MARK: Final = "migplan: acknowledged"
_VARIABLES: Final = ("key", "session", "round")
_KEYS: Final = 50
_APART: Final = 1_000_000
"""Between the keys of two sessions; the first session's begin here as well."""
_MOST: Final = 32
"""Sessions of one application."""


@record
class _Line:
    sql: str
    place: str
    acknowledged: bool


@record(slots=False)
class ScriptedApplication:
    """The statements of one file. ``number`` tells the applications apart that work on one database."""

    name: str
    number: int
    lines: Sequence[_Line]
    about: Sequence[str]

    def actor(self, session: int) -> ScriptedActor:
        """A session at the first statement."""
        return ScriptedActor(self, self.number * _MOST + session)

    def missing(self, connection: Connection, actors: Iterable[Actor]) -> list[str]:
        """Its own sessions' acknowledged SELECTs, asked again; of another file's where it has as many."""
        found: list[str] = []
        own = [line for line in self.lines if line.acknowledged]
        for actor in actors:
            if isinstance(actor, ScriptedActor):
                theirs = [line for line in actor.application.lines if line.acknowledged]
                if len(theirs) == len(own):
                    found += self._asked(connection, actor, dict(zip((t.place for t in theirs), own, strict=True)))
        return found

    def _asked(self, connection: Connection, actor: ScriptedActor, lines: dict[str, _Line]) -> Iterator[str]:
        for (place, values), rows in actor.acknowledged.items():
            line = lines[place]
            seen = connection.execute(line.sql.encode(), dict(values)).fetchall()
            if seen != rows:
                by = "" if actor.application is self else f", read by {line.place}"
                yield f"{place}: {dict(values)['key']} is no longer what was acknowledged{by}"


@dataclass
class ScriptedActor:
    """One session: where in the file it is, and what its acknowledged SELECTs said last."""

    application: ScriptedApplication
    session: int
    acknowledged: dict[tuple[str, tuple[tuple[str, int], ...]], list[tuple[Any, ...]]] = field(
        default_factory=dict[tuple[str, tuple[tuple[str, int], ...]], list[tuple[Any, ...]]]
    )
    _round: int = 0
    _line: int = 0

    def act(self, connection: Connection) -> str:
        """The next statement. An error ends the round."""
        line = self.application.lines[self._line]
        key = (self.session + 1) * _APART + self._round % _KEYS
        values = {"key": key, "session": self.session, "round": self._round if not line.acknowledged else 0}
        if self._line == 0:
            self._forget(key)
        try:
            cursor = connection.execute(line.sql.encode(), values)
        except BaseException:
            self._forget(key)
            self._begin_round()
            raise
        if line.acknowledged:
            self.acknowledged[line.place, tuple(values.items())] = cursor.fetchall()
        self._line += 1
        if self._line == len(self.application.lines):
            self._begin_round()
        return line.place

    def connected(self) -> None:
        """A round that was under way is lost: a transaction was, where it had begun one."""
        if self._line > 0:
            self._forget((self.session + 1) * _APART + self._round % _KEYS)
            self._begin_round()

    def unsure(self) -> None:
        """Nothing is remembered of a round that broke."""

    def lost(self) -> Sequence[str]:
        """A file can't say what it reads in between."""
        return ()

    def _begin_round(self) -> None:
        self._round, self._line = self._round + 1, 0

    def _forget(self, key: int) -> None:
        """While a round is under way, and after one that failed, nobody knows what the row must be."""
        for known in [k for k in self.acknowledged if dict(k[1])["key"] == key]:
            del self.acknowledged[known]


def read_application(name: str, number: int, file: Path) -> ScriptedApplication:
    """The application that a file describes. Raises ``SourceError`` where it can't be read or says nothing."""
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"can't read the file: {error}", place=str(file)) from error
    lines = [_line(s) for s in split(SourceText(str(file), text)).statements]
    if not lines:
        raise SourceError(
            "no statement is in it", place=str(file), hint="Write what the application says to the server."
        )
    marked = sum(line.acknowledged for line in lines)
    acknowledging = "acknowledges" if marked == 1 else "acknowledge"
    return ScriptedApplication(
        name, number, lines, [f"{file}: {counted(len(lines), 'statement')}, {marked} of them {acknowledging} writes"]
    )


def _line(statement: SourceStatement) -> _Line:
    if statement.meta:
        raise SourceError("psql's commands can't be rehearsed", place=statement.place, hint="Write SQL only.")
    parts, last, tokens = list[str](), 0, statement.tokens
    for colon, word in pairwise(tokens):
        if colon.text == ":" and word.offset == colon.end and word.text in _VARIABLES:
            parts += [statement.text[last : colon.offset].replace("%", "%%"), f"%({word.text})s"]
            last = word.end
    parts.append(statement.text[last:].replace("%", "%%"))
    acknowledged = any(_MARK in comment.text for comment in statement.comments)
    if acknowledged and not statement.begins("SELECT"):
        raise SourceError(
            "only a SELECT can acknowledge writes", place=statement.place, hint=f"Move '-- {_MARK}' before one."
        )
    return _Line("".join(parts), statement.place, acknowledged)
