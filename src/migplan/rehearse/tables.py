"""One table as a generated application works on it: statements with explicit column lists, and rows to write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from zlib import crc32

import psycopg

from migplan.core.records import record
from migplan.core.sql import Sql, deparsed, ident, join, literal, sql
from migplan.rehearse.recipes import Cook, Recipe
from migplan.rehearse.shapes import OURS, TableShape
from migplan.source.connect import Connection
from migplan.source.text.lexer import tokens

Row = Mapping[str, str | None]
_BESIDE: Final = """
SELECT relid::bigint, n_tup_ins, n_tup_upd, n_tup_del FROM pg_stat_xact_user_tables t
WHERE n_tup_ins + n_tup_upd + n_tup_del > 0 AND relid::bigint <> ALL (%(own)s)
  AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid::bigint = ANY (%(own)s) AND tgname LIKE '~%%')
  AND NOT EXISTS (SELECT FROM pg_partition_ancestors(t.relid) a WHERE a.relid::oid::bigint = ANY (%(own)s))
"""
_HERE: Final = Sql("\x01")
"""Stands for a parameter until the percent signs of names are doubled."""


@record(slots=False)
class Statements:
    """What an application says to one table. None where the table doesn't allow it."""

    insert: str
    select: str
    lock: str
    delete: str
    update: str | None
    upsert: str | None


@record(slots=False)
class TableWork:
    """``given`` are the columns an INSERT has, ``changed`` those that an UPDATE sets, ``read`` those that come back.

    ``kept`` are the columns that come back as they were written; the schema's own triggers change the others.
    ``rows`` are valid rows that nobody has written yet, as text; each has another one in ``spares`` whose values may
    take the place of its ``distinct`` ones, which no other row may have. ``of`` is the table whose key its rows share:
    they come and go with those. ``beside`` are the tables that the schema's own triggers write meanwhile, by oid, each
    with how many rows came, changed and went.
    """

    shape: TableShape
    key: tuple[str, ...]
    given: tuple[str, ...]
    changed: tuple[str, ...]
    read: tuple[str, ...]
    kept: frozenset[str]
    statements: Statements
    rows: tuple[Row, ...]
    spares: tuple[Row, ...] = ()
    distinct: frozenset[str] = frozenset()
    of: str | None = None
    beside: Mapping[int, Written] = field(default_factory=dict[int, "Written"])


@record
class Written:
    """What a trigger does to another table's rows."""

    came: int
    changed: int
    gone: int


@record(slots=False)
class Terms:
    """Under what terms an application works on a table.

    ``start`` is a row number that is free, ``rows`` how many rows it needs. ``turn`` says which of how many
    applications it is: where a key has too few values for row numbers, they are shared out. ``upserts`` says
    whether ON CONFLICT has its index at every moment. ``casts`` are the types as which columns are sent that change
    theirs, ``as_text`` those that are compared as text, ``relabelled`` those of enums whose labels are renamed,
    with the former and the new ones in the enum's order, ``as_json`` those of types that have other attributes at
    another moment, ``avoided`` columns that can't be sent at all, ``unstable`` those whose values the plan changes,
    ``also`` expressions for columns beside the table's.
    """

    start: int
    rows: int
    turn: tuple[int, int] = (0, 1)
    upserts: bool = True
    casts: Mapping[str, str] = field(default_factory=dict[str, str])
    as_text: frozenset[str] = frozenset()
    relabelled: Mapping[str, tuple[Sequence[str], Sequence[str]]] = field(
        default_factory=dict[str, tuple[Sequence[str], Sequence[str]]]
    )
    as_json: frozenset[str] = frozenset()
    avoided: frozenset[str] = frozenset()
    unstable: frozenset[str] = frozenset()
    also: Mapping[str, str] = field(default_factory=dict[str, str])


def table_work(cook: Cook, shape: TableShape, terms: Terms, before: Mapping[int, TableWork]) -> TableWork | str:
    """The work on one table, every statement tried in a transaction that is taken back; else why there is none.

    ``before`` is the work on other tables, by their oids: rows that share the key of one of those are made with it.
    """
    connection = cook.connection
    key = shape.key
    if key is None:
        return "it has no key by which a row could be found again"
    terms = replace(terms, upserts=terms.upserts and not key.promised)
    known = len(cook.gaps)
    recipe = cook.recipe(shape, cook.shapes)
    if recipe is None:
        return cook.gaps.pop() if len(cook.gaps) > known else "no row of it can be made"
    left = {c for c in recipe.columns if c in terms.avoided or c.startswith(OURS)}
    given = tuple(c for c in recipe.columns if c not in left and not _left_to_server(shape, c, key.columns))
    read = tuple(c.name for c in shape.columns if not c.name.startswith(OURS))
    unique = {c for columns in shape.unique_sets for c in columns}
    unique |= {c for c, made in terms.also.items() if _reads(made, unique)}
    fixed = {*key.columns, *(c for c, made in terms.also.items() if _reads(made, key.columns))}
    parent = _shares_key_of(shape, key.columns, before)
    more = tuple(terms.also)
    changed = tuple(c for c in (*given, *more) if c not in fixed and (parent is None or c not in unique))
    found = _Trial(connection, shape, key.columns, (*given, *more), changed, (*read, *more), terms, parent)
    candidates = _candidates(connection, recipe, terms)
    if parent is None:
        candidates = _shared_out(shape, candidates, terms.turn)
    work = found.run(candidates)
    return "none of its rows could be inserted" if work is None else replace(work, distinct=frozenset(unique))


def _reads(expression: str, columns: Iterable[str]) -> bool:
    return not {t.name for t in tokens(expression) if t.is_name}.isdisjoint(columns)


def _shares_key_of(shape: TableShape, key: Sequence[str], before: Mapping[int, TableWork]) -> TableWork | None:
    """The work on a table that has at most one row of this one for each of its own."""
    for foreign in shape.foreign_keys:
        work = before.get(foreign.target)
        pairs = dict(zip(foreign.columns, foreign.target_columns, strict=True))
        if work is not None and set(pairs) == set(key) and tuple(pairs[c] for c in key) == work.key:
            return work
    return None


def statements(
    table: Sql,
    key: Sequence[str],
    given: Sequence[str],
    changed: Sequence[str],
    read: Sequence[str],
    *,
    casts: Mapping[str, str],
    upserts: bool,
    as_text: Collection[str] = (),
    otherwise: Mapping[str, Sql] | None = None,
) -> Statements:
    """Parameters are ``%s``: the given columns in order; for updates the changed ones, then the key. Those of the key
    that are compared ``as_text`` have another type at another moment, and what is prepared keeps to one. Some are sent
    ``otherwise``: as expressions over the parameter."""
    own = otherwise or {}
    sent = {c: sql("{}::{}", _HERE, deparsed(casts[c])) if c in casts else own.get(c, _HERE) for c in given}
    returned = join(", ", (sql("{}::text", ident(c)) for c in read))
    found = {c: sent[c] if casts.get(c, "").startswith("text::") else own.get(c, _HERE) for c in key}
    sought = {c: sql("{}::text", ident(c)) if c in as_text else ident(c) for c in key}
    match = join(" AND ", (sql("{} = {}", sought[c], found[c]) for c in key))
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


def _by_number(enum: str, former: Sequence[str], new: Sequence[str]) -> Sql:
    """A value of an enum, whichever of its labels the database knows: for it stores their number in the order."""
    return sql(
        "(SELECT (enum_range(NULL::{}))[coalesce(array_position({}, label), array_position({}, label))]"
        " FROM (SELECT {}::text) given (label))",
        deparsed(enum),
        *(sql("ARRAY[{}]::text[]", join(", ", map(literal, labels))) for labels in (new, former)),
        _HERE,
    )


def _by_attributes(table: Sql, column: str) -> Sql:
    """A value given as JSON, of whichever attributes the database knows."""
    return sql(
        "(jsonb_populate_record(NULL::{}, jsonb_build_object({}, {}::jsonb))).{}",
        table,
        literal(column),
        _HERE,
        ident(column),
    )


def _final(text: Sql) -> str:
    return text.replace("%", "%%").replace(_HERE, "%s")


def _left_to_server(shape: TableShape, column: str, key: Sequence[str]) -> bool:
    """Identities that refuse a value, and numbers from a sequence that no key needs."""
    found = shape.column(column)
    return found.identity == "a" or (found.numbered and column not in key)


def _candidates(connection: Connection, recipe: Recipe, terms: Terms) -> list[Row]:
    """Rows to try, three times as many as are needed with their spares."""
    names = (*recipe.columns, *terms.also)
    json = {c: sql("to_jsonb({})", ident(c)) for c in terms.as_json}
    values = [*(json.get(c, ident(c)) for c in recipe.columns), *(deparsed(e) for e in terms.also.values())]
    texts = join(", ", (sql("({})::text", v) for v in values))
    query = sql("SELECT {} FROM ({}) made", texts, recipe.rows(terms.start, 3 * terms.rows))
    return [dict(zip(names, row, strict=True)) for row in connection.execute(query.encode()).fetchall()]


def _shared_out(shape: TableShape, candidates: list[Row], turn: tuple[int, int]) -> list[Row]:
    """Those whose turn it is, where the values of a key come again: another application would draw them as well."""
    number, of = turn
    referring = {c for key in shape.foreign_keys for c in key.columns}
    found = candidates
    for columns in shape.unique_sets:
        if any(_differs(column, candidates) for column in columns if column not in referring):
            continue
        found = [row for row in found if crc32(repr([row.get(c) for c in columns]).encode()) % of == number]
    return found


def _differs(column: str, rows: Sequence[Row]) -> bool:
    """Whether no two of these rows have the same value there, or leave it to the server."""
    values = [row.get(column) for row in rows]
    return column not in (rows[0] if rows else ()) or len({v for v in values if v is not None}) == len(values)


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
    parent: TableWork | None

    def run(self, candidates: Sequence[Row]) -> TableWork | None:
        """The work with the statements that passed; None where no row could be inserted."""
        good: list[Row] = []
        kept = set(self.given) - self.terms.unstable
        texts = self._statements(self.changed, self.terms.upserts)
        wanted = self.terms.rows if self.parent else 2 * self.terms.rows
        with self.connection.transaction(force_rollback=True):
            known = self._counted()
            for row in self._placed(candidates):
                came = self._came(texts.insert, [row[c] for c in self.given])
                if came is None or self._is_promised(came):
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
                if len(good) == wanted:
                    break
            if texts.upsert and good and self._came(texts.upsert, [good[-1][c] for c in self.given]) is None:
                texts = self._statements(self.changed, False)
            beside = self._beside(known)
        if not good or (self.parent and len(good) < len(self.parent.rows)):
            return None
        half = len(good) if self.parent else (len(good) + 1) // 2
        rows, spares = tuple(good[:half]), tuple(good[half:])
        changed = self.changed if texts.update is not None else ()
        of = self.parent.shape.title if self.parent else None
        return TableWork(
            self.shape,
            self.key,
            self.given,
            changed,
            self.read,
            frozenset(kept),
            texts,
            rows,
            spares,
            of=of,
            beside=beside,
        )

    def _is_promised(self, row: Row) -> bool:
        """Whether another row has the values of a key that another moment asks for: nothing refuses that as yet."""
        for key in (k for k in self.shape.keys if k.promised):
            match = join(" AND ", (sql("{}::text = {}", ident(c), _HERE) for c in key.columns))
            query = _final(sql("SELECT count(*) > 1 FROM {} WHERE {}", self.shape.sql_name, match))
            if self.connection.execute(query.encode(), [row[c] for c in key.columns]).fetchone() == (True,):
                return True
        return False

    def _beside(self, known: Mapping[int, Written]) -> dict[int, Written]:
        """What has been written besides, since there was ``known``."""
        none = Written(0, 0, 0)
        pairs = {oid: (now, known.get(oid, none)) for oid, now in self._counted().items()}
        return {
            oid: Written(now.came - was.came, now.changed - was.changed, now.gone - was.gone)
            for oid, (now, was) in pairs.items()
            if now != was
        }

    def _counted(self) -> dict[int, Written]:
        """What this session has written into other tables and PostgreSQL hasn't passed on, earlier trials included.
        What the plan's own triggers write is left out: applications are to find that."""
        own = (self.shape.oid, self.parent.shape.oid if self.parent else 0)
        rows = self.connection.execute(_BESIDE, {"own": list(own)}).fetchall()
        return {oid: Written(*counts) for oid, *counts in rows}

    def _placed(self, candidates: Sequence[Row]) -> Iterator[Row]:
        """The candidates; with the keys of rows of the parent, which are inserted for the time of the trial."""
        if self.parent is None:
            yield from candidates
            return
        for parent, row in zip(self.parent.rows, candidates, strict=False):
            values = [parent[c] for c in self.parent.given]
            came = _attempt(self.connection, self.parent.statements.insert, values)
            if came is not None:
                there = dict(zip(self.parent.read, came, strict=True))
                yield {**row, **dict(zip(self.key, (there[c] for c in self.parent.key), strict=True))}

    def _statements(self, changed: Sequence[str], upserts: bool) -> Statements:
        upserts = upserts and set(self.key) <= set(self.given)
        # beside a composite value a bare parameter would be a record of no known type
        rows = frozenset(c for c in self.key if self.shape.column(c).kind == "c")
        rows -= {*self.terms.as_json, *self.terms.casts}
        return statements(
            self.shape.sql_name,
            self.key,
            self.given,
            changed,
            self.read,
            casts=self.terms.casts,
            upserts=upserts,
            as_text=self.terms.as_text | rows,
            otherwise={
                **{c: _by_number(self.shape.column(c).base, *labels) for c, labels in self.terms.relabelled.items()},
                **{c: _by_attributes(self.shape.sql_name, c) for c in self.terms.as_json},
            },
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
