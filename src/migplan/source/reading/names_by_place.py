"""Other names that a query gives the columns of what it reads: ``FROM t q(x, y)``.

SQL gives them by place, and PostgreSQL prints them as the columns stand at that moment: a column more, one less, or
another order would give them to the wrong ones. So they are kept by the columns' own names, without those that the
query never says: ``q(/* by name */ a AS x, b AS y)``, which ``planning/names/written_names.py`` writes as SQL again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from migplan.core.records import record
from migplan.core.sql import ident, quoted

if TYPE_CHECKING:
    from migplan.source.text.lexer import Token

Names = tuple[str, ...]
BY_NAME: Final = "/* by name */"
"""PostgreSQL prints no comments: what begins with this one is no other list."""

_QUERIES: Final = frozenset({"SELECT", "VALUES", "WITH", "TABLE"})


@record
class NameList:
    """Names of columns in a text, and whose columns they are: ``row`` is the type of rows that a function returns."""

    start: int
    end: int
    names: Names
    columns: Names
    row: tuple[str, ...] | None = None


def lists_of_relations(read: Sequence[Token], relations: Mapping[tuple[str, ...], Names]) -> Iterator[NameList]:
    """Where such names stand: ``schema.relation alias(names)``."""
    for n in range(len(read) - 5):
        if not (read[n].is_name and read[n + 1].text == "." and read[n + 2].is_name):
            continue
        alias, opening = read[n + 3], read[n + 4]
        if opening.text != "(" or opening.offset != alias.end or not alias.is_name or quoted(alias.name) != alias.text:
            continue
        columns = relations.get((read[n].name, read[n + 2].name))
        names = names_in_brackets(read, n + 4)
        if columns is not None and names is not None and len(names) <= len(columns):
            yield NameList(alias.end, read[n + 4 + 2 * len(names)].end, names, columns)


def named_joins(read: Sequence[Token]) -> Iterator[Sequence[Token]]:
    """Joins and lists of calls in brackets whose columns get names as well, ``(t JOIN u …) alias(names)``: what stands
    in the brackets."""
    for n in range(1, len(read) - 3):
        alias, opening = read[n + 1], read[n + 2]
        if read[n].text != ")" or not alias.is_name or opening.text != "(" or opening.offset != alias.end:
            continue
        begin = _opening(read, n)
        before = read[begin - 1].upper
        inside = read[begin + 1 : n]
        if before in ("FROM", "JOIN", ",", "(", "LATERAL") and inside and inside[0].upper not in _QUERIES:
            yield inside


def _opening(read: Sequence[Token], closing: int) -> int:
    """The place of the bracket that is closed there."""
    depth = 0
    for n in range(closing, 0, -1):
        depth += {")": 1, "(": -1}.get(read[n].text, 0)
        if depth == 0:
            return n
    return 0


def names_in_brackets(read: Sequence[Token], opening: int) -> Names | None:
    """The names in the brackets that open there; None where there is anything else."""
    names: list[str] = []
    for n in range(opening + 1, len(read) - 1, 2):
        if not read[n].is_name or read[n + 1].text not in (",", ")"):
            return None
        names.append(read[n].name)
        if read[n + 1].text == ")":
            return tuple(names)
    return None


def by_name(text: str, read: Sequence[Token], lists: Sequence[NameList]) -> str:
    """The text with these names by columns; a list that says nothing is left out.

    A column that tables are joined by is said even where that is its own name, since no other may bear it.
    """
    inside = {t.offset for found in lists for t in read if found.start <= t.offset < found.end}
    said = {t.name for t in read if t.is_name and t.offset not in inside}
    joined = list(joined_by_name(read))
    joining = {name for name, _ in joined}
    whole = any(t.upper == "FULL" for t in read)
    for found in sorted(lists, key=lambda f: f.start, reverse=True):
        ambiguous = {name for name, place in joined if whole or place > found.start}
        pairs = sorted(
            (column, name)
            for column, name in zip(found.columns, found.names, strict=False)
            if name in joining or (name != column and (name in said or column in ambiguous))
        )
        other = any(name != column for column, name in pairs)
        text = text[: found.start] + (_marked(found, pairs) if other else "") + text[found.end :]
    return text


def joined_by_name(read: Sequence[Token]) -> Iterator[tuple[str, int]]:
    """The columns that tables are joined by, ``USING (names)``, and where: no other column may bear such a name."""
    for n in range(len(read) - 1):
        if read[n].upper == "USING" and read[n + 1].text == "(":
            for name in names_in_brackets(read, n + 1) or ():
                yield name, read[n].offset


def _marked(found: NameList, pairs: Sequence[tuple[str, str]]) -> str:
    rows = "" if found.row is None else f" OF {ident(*found.row)}"
    return f"({BY_NAME}{rows} {', '.join(f'{ident(column)} AS {ident(name)}' for column, name in pairs)})"
