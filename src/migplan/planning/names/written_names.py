"""Names that a query gives the columns of what it reads (``names_by_place``), written as SQL takes them: by place.

Where the plan leaves the columns as they are, their places are known. Otherwise a file may meet them in another order
than the one that runs before it, on the way back last of all, where a column that had gone stands behind the others:
there the places are looked up when the statement runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import Sql, ident, join, literal, sql
from migplan.core.steps import Down, Statement, Step
from migplan.kinds.table import Table, columns_of
from migplan.source.reading.names_by_place import BY_NAME, Names, joined_by_name, named_joins
from migplan.source.reading.row_aliases import columns_of_rows, rows_of_functions

if TYPE_CHECKING:
    from migplan.source.text.lexer import Token

_JOIN: Final = re.compile(r'\) (?:[^\W\d][\w$]*|"(?:[^"]|"")*")\((?:[^\W\d]|")')
_COLUMNS_CHANGE: Final = re.compile(r"\b(?:ADD|DROP|RENAME) (?:COLUMN|ATTRIBUTE)\b")


def with_written_names(steps: Sequence[Step], before: Catalog, after: Catalog) -> list[Step]:
    """The steps, whose statements give names by place."""
    if not any(BY_NAME in s.sql for step in steps for s in _statements(step)):
        return list(steps)
    places = _Places(steps, before, after)
    return [_written(step, places) for step in steps]


def named_by_place(steps: Sequence[Step], before: Catalog, after: Catalog) -> Iterable[str]:
    """Statements that name a whole join's columns by place, where these change: sentences for the plan that is blocked
    by them."""
    named = [(step, s.sql) for step in steps for s in _statements(step) if _JOIN.search(s.sql)]
    if not named:
        return
    from migplan.source.text.lexer import tokens

    places = _Places(steps, before, after)
    for id, title, joined in (
        (step.object, step.title, j) for step, text in named for j in named_joins([*tokens(text)])
    ):
        names = [t.name if t.is_name else t.text for t in joined]
        read = sorted({(a, b) for a, dot, b in zip(names, names[1:], names[2:], strict=False) if dot == "."})
        if moving := next((path for path in read if places.moves(path)), None):
            yield (
                f"{title}: the query of {id} gives the columns of a whole join names by place, and those of "
                f"{ident(*moving)} change: name them table by table, FROM t AS x(…) JOIN u AS y(…), in a plan before"
            )
            return


def _statements(step: Step) -> tuple[Statement, ...]:
    return step.up + (step.down.statements if isinstance(step.down, Down) else ())


def _written(step: Step, places: _Places) -> Step:
    down = step.down
    if isinstance(down, Down):
        down = replace(down, statements=tuple(places.written(s) for s in down.statements))
    return replace(step, up=tuple(places.written(s) for s in step.up), down=down)


@record(slots=False)
class _Places:
    """What is known of the columns' places while the plan runs."""

    steps: Sequence[Step]
    before: Catalog
    after: Catalog

    def written(self, statement: Statement) -> Statement:
        """The statement with every list by place; in a block that looks them up where it isn't known."""
        if BY_NAME not in statement.sql:
            return statement
        pieces = list(self._pieces(statement.sql))
        if any(isinstance(piece, _LookedUp) for piece in pieces):
            body = join("\n    || ", (p.sql if isinstance(p, _LookedUp) else _quoted(p) for p in pieces if p))
            return replace(statement, sql=sql("DO {}", _quoted(sql("\nBEGIN\n  EXECUTE {};\nEND\n", body), "migplan")))
        return replace(statement, sql=join("", (p for p in pieces if isinstance(p, Sql))))

    def _pieces(self, text: str) -> Iterator[Sql | _LookedUp]:
        from migplan.source.text.lexer import tokens

        read, place = list(tokens(text)), 0
        joined = frozenset(name for name, _ in joined_by_name(read))
        for n, token in enumerate(read):
            if token.text == "(" and text.startswith(BY_NAME, token.end):
                end, row, names = _parsed(read, n)
                yield Sql(text[place : token.offset])
                yield self._list(row, names, joined)
                place = end
        yield Sql(text[place:])

    def _list(self, row: tuple[str, ...], names: Mapping[str, str], joined: frozenset[str]) -> Sql | _LookedUp:
        taken = joined | frozenset(names.values())
        known = self._known(row)
        if known is None:
            return _LookedUp(row, names, taken)
        last = max((n for n, column in enumerate(known, 1) if column in names or column in taken), default=0)
        listed = ((names.get(c) or (f"{c}_{n}" if c in taken else c)) for n, c in enumerate(known[:last], 1))
        return sql("({})", join(", ", map(ident, listed)))

    def moves(self, path: tuple[str, ...]) -> bool:
        """Whether places change in that relation, or in the rows that functions of that name return."""
        return any(self._known(row) is None for row in (path, *self._called.get(path, ())))

    def _known(self, row: tuple[str, ...]) -> Names | None:
        """The columns in their order, where it is one all along; empty for what is no relation."""
        sides = [found for found in (of.get(row) for of in self._columns) if found] or [()]
        known = sides[0] == sides[-1] and not self._changes(row)
        return sides[0] if known and all(_made_in_order(row, side) for side in (self.before, self.after)) else None

    @cached_property
    def _called(self) -> Mapping[tuple[str, ...], Sequence[tuple[str, ...]]]:
        found: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for side in (self.before, self.after):
            for id, (row, _) in rows_of_functions(side.objects).items():
                found.setdefault(id.path[:2], []).append(row)
        return found

    @cached_property
    def _columns(self) -> tuple[Mapping[tuple[str, ...], Names], ...]:
        return tuple(columns_of_rows(side.objects) for side in (self.before, self.after))

    def _changes(self, row: tuple[str, ...]) -> bool:
        """Whether any column may come or go, of that relation or of one that it inherits from."""
        names = {str(ident(*path)) for path in (row, *self._parents(row))}
        return any(name in text for text in self._altering for name in names)

    @cached_property
    def _altering(self) -> tuple[str, ...]:
        return tuple(s.sql for step in self.steps for s in _statements(step) if _COLUMNS_CHANGE.search(s.sql))

    def _parents(self, row: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        found: set[tuple[str, ...]] = set()
        left = {row}
        while left:
            tables = [t for side in (self.before, self.after) for t in side.of(Table) if t.id.path in left]
            left = {p.path for t in tables for p in (*t.inherits, t.partition_of) if p is not None} - found
            found |= left
        return found


def _made_in_order(row: tuple[str, ...], catalog: Catalog) -> bool:
    """Whether the columns stand as CREATE TABLE would make them: those of parents first."""
    table = catalog.get(ObjectId("table", row), Table)
    if table is None:
        return True
    own = [c.name for c in columns_of(table.id, catalog)]
    parents = (*table.inherits, *(() if table.partition_of is None else (table.partition_of,)))
    above = dict.fromkeys(c.name for p in parents for c in columns_of(p, catalog))
    return list(dict.fromkeys((*above, *own))) == own


@record
class _LookedUp:
    """A list that is made when the statement runs."""

    row: tuple[str, ...]
    names: Mapping[str, str]
    taken: frozenset[str]

    @property
    def sql(self) -> Sql:
        """Who isn't named otherwise goes by its own name, where that is free."""
        pairs = (sql("({}, {})", literal(c), literal(name)) for c, name in sorted(self.names.items()))
        return sql(
            "(SELECT '(' || string_agg(quote_ident(coalesce(n.name, CASE WHEN a.attname IN ({taken})"
            " THEN a.attname || '_' || a.attnum ELSE a.attname END)), ', ' ORDER BY a.attnum) || ')'\n"
            "      FROM pg_catalog.pg_attribute a LEFT JOIN (VALUES {names}) n (of, name) ON n.of = a.attname\n"
            "      WHERE a.attrelid = {row}::regclass AND a.attnum > 0 AND NOT a.attisdropped)",
            taken=join(", ", map(literal, sorted(self.taken))),
            names=join(", ", pairs),
            row=literal(ident(*self.row)),
        )


def _parsed(read: Sequence[Token], opening: int) -> tuple[int, tuple[str, ...], dict[str, str]]:
    """Where the list ends, whose columns it names, and the names by columns."""
    n = opening + 1
    row = (read[opening - 4].name, read[opening - 2].name)
    if read[n].upper == "OF" and read[n + 2].text == ".":
        row, n = (read[n + 1].name, read[n + 3].name), n + 4
    names: dict[str, str] = {}
    while True:
        names[read[n].name] = read[n + 2].name
        if read[n + 3].text == ")":
            return read[n + 3].end, row, names
        n += 4


def _quoted(text: Sql, tag: str = "sql") -> Sql:
    """Between dollars, so that the text stays as it is."""
    while f"${tag}$" in text:
        tag += "_"
    return sql("${tag}${text}${tag}$", tag=Sql(tag), text=text)
