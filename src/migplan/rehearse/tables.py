"""One table as a generated application works on it: statements with explicit column lists, and rows to write."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import psycopg

from migplan.core.sql import Sql, deparsed, ident, join, sql
from migplan.rehearse.recipes import Cook, Recipe
from migplan.rehearse.shapes import OURS, TableShape
from migplan.source.connect import Connection

Row = Mapping[str, str | None]
_HERE: Final = Sql("\x01")
"""Stands for a parameter until the percent signs of names are doubled."""


@dataclass(frozen=True)
class Statements:
    """What an application says to one table. None where the table doesn't allow it."""

    insert: str
    select: str
    lock: str
    delete: str
    update: str | None
    upsert: str | None


@dataclass(frozen=True)
class TableWork:
    """``given`` are the columns an INSERT has, ``changed`` those that an UPDATE sets, ``read`` those that come back.

    ``kept`` are the columns that come back as they were written; the schema's own triggers change the others.
    ``rows`` are valid rows that nobody has written yet, as text.
    """

    shape: TableShape
    key: tuple[str, ...]
    given: tuple[str, ...]
    changed: tuple[str, ...]
    read: tuple[str, ...]
    kept: frozenset[str]
    statements: Statements
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Terms:
    """Under what terms an application works on a table.

    ``start`` is a row number that is free, ``rows`` how many rows it needs. ``upserts`` says whether ON CONFLICT has
    its index at every moment. ``casts`` are the types as which columns are sent that change theirs, ``avoided``
    columns that can't be sent at all, ``unstable`` those whose values the plan changes.
    """

    start: int
    rows: int
    upserts: bool = True
    casts: Mapping[str, str] = field(default_factory=dict[str, str])
    avoided: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()


def table_work(cook: Cook, shape: TableShape, terms: Terms) -> TableWork | str:
    """The work on one table, every statement tried in a transaction that is taken back; else why there is none."""
    connection = cook.connection
    key = shape.key
    if key is None:
        return "it has no key by which a row could be found again"
    before = len(cook.gaps)
    recipe = cook.recipe(shape, cook.shapes)
    if recipe is None:
        return cook.gaps.pop() if len(cook.gaps) > before else "no row of it can be made"
    left = {c for c in recipe.columns if c in terms.avoided or c.startswith(OURS)}
    given = tuple(c for c in recipe.columns if c not in left and not _left_to_server(shape, c, key.columns))
    read = tuple(c.name for c in shape.columns if not c.name.startswith(OURS))
    unique = {c for columns in shape.unique_sets for c in columns}
    changed = tuple(c for c in given if c not in unique and c not in key.columns)
    found = _Trial(connection, shape, key.columns, given, changed, read, terms)
    return (
        found.run(_candidates(connection, recipe, terms.start, 3 * terms.rows)) or "none of its rows could be inserted"
    )


def statements(
    table: Sql,
    key: Sequence[str],
    given: Sequence[str],
    changed: Sequence[str],
    read: Sequence[str],
    *,
    casts: Mapping[str, str],
    upserts: bool,
) -> Statements:
    """Parameters are ``%s``: the given columns in order; for updates the changed ones, then the key."""
    sent = {c: sql("{}::{}", _HERE, deparsed(casts[c])) if c in casts else _HERE for c in given}
    returned = join(", ", (sql("{}::text", ident(c)) for c in read))
    match = join(" AND ", (sql("{} = {}", ident(c), _HERE) for c in key))
    insert = sql("INSERT INTO {} ({}) VALUES ({})", table, join(", ", map(ident, given)), join(", ", sent.values()))
    settings = join(", ", (sql("{} = {}", ident(c), sent[c]) for c in changed))
    excluded = join(", ", (sql("{} = excluded.{}", ident(c), ident(c)) for c in changed))
    upsert = sql("{} ON CONFLICT ({}) DO UPDATE SET {}", insert, join(", ", map(ident, key)), excluded)
    return Statements(
        insert=_final(sql("{} RETURNING {}", insert, returned)),
        select=_final(sql("SELECT {} FROM {} WHERE {}", returned, table, match)),
        lock=_final(sql("SELECT {} FROM {} WHERE {} FOR UPDATE", returned, table, match)),
        delete=_final(sql("DELETE FROM {} WHERE {}", table, match)),
        update=_final(sql("UPDATE {} SET {} WHERE {} RETURNING {}", table, settings, match, returned))
        if changed
        else None,
        upsert=_final(sql("{} RETURNING {}", upsert, returned)) if changed and upserts else None,
    )


def _final(text: Sql) -> str:
    return text.replace("%", "%%").replace(_HERE, "%s")


def _left_to_server(shape: TableShape, column: str, key: Sequence[str]) -> bool:
    """Identities that refuse a value, and numbers from a sequence that no key needs."""
    found = shape.column(column)
    return found.identity == "a" or (found.numbered and column not in key)


def _candidates(connection: Connection, recipe: Recipe, start: int, count: int) -> list[dict[str, str | None]]:
    texts = join(", ", (sql("{}::text", ident(c)) for c in recipe.columns))
    query = sql("SELECT {} FROM ({}) made", texts, recipe.rows(start, count))
    return [dict(zip(recipe.columns, row, strict=True)) for row in connection.execute(query.encode()).fetchall()]


@dataclass
class _Trial:
    """Tries a table's statements, in a transaction that is taken back."""

    connection: Connection
    shape: TableShape
    key: tuple[str, ...]
    given: tuple[str, ...]
    changed: tuple[str, ...]
    read: tuple[str, ...]
    terms: Terms

    def run(self, candidates: Sequence[Row]) -> TableWork | None:
        """The work with the statements that passed; None where no row could be inserted."""
        good: list[Row] = []
        kept = set(self.given) - self.terms.unstable
        texts = self._statements(self.changed, self.terms.upserts)
        with self.connection.transaction(force_rollback=True):
            for row in candidates:
                came = self._came(texts.insert, [row[c] for c in self.given])
                if came is None:
                    continue
                good.append(row)
                kept -= {c for c in self.given if came[c] != row[c]}
                if texts.update is not None:
                    values = [*(row[c] for c in self.changed), *(came[c] for c in self.key)]
                    again = self._came(texts.update, values)
                    if again is None:
                        texts = self._statements((), False)
                    else:
                        kept -= {c for c in self.changed if again[c] != row[c]}
                if len(good) == self.terms.rows:
                    break
            if texts.upsert and good and self._came(texts.upsert, [good[-1][c] for c in self.given]) is None:
                texts = self._statements(self.changed, False)
        if not good:
            return None
        changed = self.changed if texts.update is not None else ()
        return TableWork(self.shape, self.key, self.given, changed, self.read, frozenset(kept), texts, tuple(good))

    def _statements(self, changed: Sequence[str], upserts: bool) -> Statements:
        upserts = upserts and set(self.key) <= set(self.given)
        return statements(
            self.shape.sql_name, self.key, self.given, changed, self.read, casts=self.terms.casts, upserts=upserts
        )

    def _came(self, statement: str, values: Sequence[str | None]) -> Row | None:
        seen = _attempt(self.connection, statement, values)
        return None if seen is None else dict(zip(self.read, seen, strict=True))


def _attempt(connection: Connection, statement: str, values: Sequence[str | None]) -> Sequence[str | None] | None:
    """What came back; None where the statement failed, which is taken back alone."""
    try:
        with connection.transaction():
            return connection.execute(statement.encode(), values).fetchone()
    except psycopg.Error:
        return None
