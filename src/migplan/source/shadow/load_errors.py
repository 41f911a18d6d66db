"""Which of several failures is the cause, and how it is shown: place, line, caret."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from migplan.core.errors import SourceError
from migplan.core.ids import ObjectId
from migplan.source.shadow.batches import Failure
from migplan.source.text.lexer import tokens
from migplan.source.text.psqlfile import Loadable
from migplan.source.text.targets import name_at, target_of

MISSING: Final = frozenset({"42P01", "42703", "42704", "42883", "3F000", "42P02", "42725"})
"""Undefined table, column, object, function, schema, parameter; ambiguous function."""


def is_missing(failure: Failure) -> bool:
    """Whether the server missed something that another statement may create."""
    return failure.sqlstate in MISSING


_DUPLICATE: Final = frozenset({"42P07", "42710", "42P06", "42723"})
"""Duplicate relation, object, schema, function."""


def root_cause(failures: Sequence[tuple[Loadable, Failure]]) -> tuple[Loadable, Failure]:
    """The failure that explains the others: one that misses nothing, else one that misses what no other creates."""
    real = [pair for pair in failures if pair[1].sqlstate]
    for pair in real:
        if not is_missing(pair[1]):
            return pair
    pending = {name for loadable, _ in failures if (name := _created_name(loadable))}
    for loadable, failure in real:
        if _missing_name(loadable, failure) not in pending:
            return loadable, failure
    return real[0]


def error_of(loadable: Loadable, failure: Failure, others: Iterable[Loadable] = ()) -> SourceError:
    """The failure with its place in the file and the line that it points at; of ``others`` the one is named that
    creates the same object.
    """
    statement = loadable.statement
    offset = failure.position or 0
    lines = [failure.message, *_excerpt(statement.text, offset, pointed=failure.position is not None)]
    if failure.detail:
        lines.append(f"  {failure.detail}")
    hint = failure.hint or (_VARIABLE if _AT_COLON.search(failure.message) else None)
    if failure.sqlstate in _DUPLICATE and (twin := _twin(loadable, others)) is not None:
        hint = f"It is created at {twin.statement.place} as well: keep one of the two."
    return SourceError("\n".join(lines), place=statement.place_of(offset), hint=hint)


_AT_COLON: Final = re.compile(r'at or near ":"')
_VARIABLE: Final = "psql's variables (:name) are not replaced here: write what they stand for."


def _excerpt(text: str, offset: int, *, pointed: bool) -> list[str]:
    start = text.rfind("\n", 0, offset) + 1
    line = text[start:].split("\n", 1)[0].rstrip()
    if not pointed:
        return [f"    {line}"]
    return [f"    {line}", f"    {' ' * (offset - start)}^"]


def _created_name(loadable: Loadable) -> str | None:
    created = _created(loadable)
    if created is None:
        return None
    path = created.path
    return path[0] if len(path) == 1 else path[1]


def _twin(loadable: Loadable, others: Iterable[Loadable]) -> Loadable | None:
    """Another statement that creates what this one creates."""
    own = _created(loadable)
    return next((o for o in others if own is not None and o is not loadable and _created(o) == own), None)


def _created(loadable: Loadable) -> ObjectId | None:
    target = target_of(loadable.statement.head, loadable.session.schema)
    return target.id if target is not None and target.verb == "CREATE" else None


def _missing_name(loadable: Loadable, failure: Failure) -> str | None:
    if failure.position is None:
        return None
    name, _ = name_at(list(tokens(loadable.text[failure.position :]))[:5], 0)
    return name[-1] if name else None
