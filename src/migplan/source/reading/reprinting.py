"""Expressions that PostgreSQL prints otherwise once it has read its own print.

An ``IN`` list over varchar is printed as ``ANY ((ARRAY['a'::character varying, …])::text[])``; read again, the cast
moves into the elements. Both are brought to the second form, so that a schema that went through a dump is no
difference.
"""

from __future__ import annotations

import re
from typing import Any, Final

_ELEMENT: Final = r"'(?:[^']|'')*'::character varying(?:\(\d+\))?"
_LIST: Final = re.compile(rf"\(ARRAY\[({_ELEMENT}(?:, {_ELEMENT})*)\]\)::text\[\]")
_ITEM: Final = re.compile(_ELEMENT)


Row = tuple[Any, ...]


def settled(rows: list[Row], place: int | None = None) -> list[Row]:
    """The rows with such lists in the form that doesn't change any more; ``place`` is the only one that may hold any.

    Most rows hold none: they are looked through a column at a time, which takes a tenth of the time.
    """
    columns = zip(*rows, strict=True) if place is None else (tuple(row[place] for row in rows),)
    if not any(map(_has_lists, columns)):
        return rows
    return [tuple(settled_text(value) if isinstance(value, str) else value for value in row) for row in rows]


def _has_lists(column: tuple[Any, ...]) -> bool:
    """Whether any does of a column of a query's result, whose values are all of one type."""
    first = next((value for value in column if value), None)
    return isinstance(first, str) and "(ARRAY[" in "\n".join(filter(None, column))


def settled_text(text: str) -> str:
    """The text with such lists in the form that doesn't change any more."""
    return _LIST.sub(lambda m: f"ARRAY[{_ITEM.sub(_cast_element, m.group(1))}]", text)


def _cast_element(match: re.Match[str]) -> str:
    return f"({match.group()})::text"
