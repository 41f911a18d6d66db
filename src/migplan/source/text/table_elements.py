"""The columns and constraints that CREATE TABLE and ALTER TABLE write down, and where they stand in the text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.source.text.lexer import Token
from migplan.source.text.split import SourceStatement
from migplan.source.text.targets import Target, words_at

_UNNAMED: Final = frozenset("CHECK UNIQUE PRIMARY FOREIGN EXCLUDE LIKE NOT".split())
_TABLES: Final = frozenset({"table", "foreign_table"})
_WITH_ELEMENTS: Final = _TABLES | {"type", "composite_type"}


@record
class Element:
    """One named column or constraint; ``start`` and ``end`` are offsets in the statement's text."""

    id: ObjectId
    start: int
    end: int


def elements_of(statement: SourceStatement, target: Target) -> Iterator[Element]:
    """The named elements of a CREATE TABLE's list, or those that an ALTER TABLE adds or alters."""
    if target.id.kind not in _WITH_ELEMENTS:
        return
    tokens = statement.tokens
    start = target.next
    if target.verb == "CREATE":
        start = next((i + 1 for i in range(start, len(tokens)) if tokens[i].text == "("), len(tokens))
    for items in _split_at_commas(tokens, start):
        id = _created(items, target.id) if target.verb == "CREATE" else _altered(items, target.id)
        if id is not None:
            yield Element(id, items[0].offset, items[-1].end)


def _split_at_commas(tokens: Sequence[Token], start: int) -> Iterator[Sequence[Token]]:
    """The token lists between top-level commas, up to the closing parenthesis or the end."""
    depth, first = 0, start
    for i in range(start, len(tokens)):
        text = tokens[i].text
        if text in "([":
            depth += 1
        elif text in ")]":
            depth -= 1
        if depth < 0 or (depth == 0 and text == ","):
            if i > first:
                yield tokens[first:i]
            first = i + 1
        if depth < 0:
            return
    if first < len(tokens):
        yield tokens[first:]


def _created(items: Sequence[Token], relation: ObjectId) -> ObjectId | None:
    if items[0].upper == "CONSTRAINT" and len(items) > 1:
        return relation.child("constraint", items[1].name)
    if items[0].upper in _UNNAMED or not items[0].is_name:
        return None
    return relation.child("column", items[0].name)


def _altered(items: Sequence[Token], relation: ObjectId) -> ObjectId | None:
    """``ADD [COLUMN] c …``, ``ALTER [COLUMN] c …``, ``ADD CONSTRAINT n …``."""
    if items[0].upper not in {"ADD", "ALTER"} or (relation.kind not in _TABLES and not words_at(items, 1, "ATTRIBUTE")):
        return None
    position = 1
    if words_at(items, 1, "CONSTRAINT"):
        return relation.child("constraint", items[2].name) if len(items) > 2 else None
    if words_at(items, 1, "COLUMN") or words_at(items, 1, "ATTRIBUTE"):
        position = 2
    if words_at(items, position, "IF", "NOT", "EXISTS"):
        position += 3
    if position >= len(items) or items[position].upper in _UNNAMED or not items[position].is_name:
        return None
    return relation.child("column", items[position].name)
