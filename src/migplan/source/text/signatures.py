"""Whether the arguments in a CREATE FUNCTION are those that PostgreSQL prints: without names, aliases and defaults."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from migplan.source.text.lexer import Token, tokens

_MODES: Final = frozenset({"IN", "INOUT", "VARIADIC"})
_ALIASES: Final = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float4": "real",
    "float8": "double precision",
    "float": "double precision",
    "decimal": "numeric",
    "varchar": "character varying",
    "char": "character",
    "varbit": "bit varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
}


def same_arguments(written: str, printed: str) -> bool:
    """Whether a signature as written (``a int DEFAULT 1, OUT b text``) means the printed one (``integer``)."""
    inputs = [readings for argument in _split(list(tokens(written))) if (readings := _readings(argument))]
    types = [_printed(argument) for argument in _split(list(tokens(printed)))]
    return len(inputs) == len(types) and all(t in readings for readings, t in zip(inputs, types, strict=True))


def _split(items: Sequence[Token]) -> Iterator[list[Token]]:
    """The token lists between commas outside of parentheses, their own parentheses left out (type modifiers)."""
    depth, argument = 0, list[Token]()
    for token in items:
        depth += token.text == "("
        if token.text == "," and depth == 0:
            yield argument
            argument = []
        elif depth == 0:
            argument.append(token)
        depth -= token.text == ")"
    if argument:
        yield argument


def _readings(argument: Sequence[Token]) -> set[str]:
    """The types that an argument may have: its first word may be a name. Empty for an OUT argument."""
    words = list(argument)
    for i, token in enumerate(words):
        if token.upper in {"DEFAULT", "=", ":="}:
            words = words[:i]
            break
    if words and words[0].upper == "OUT":
        return set()
    if words and words[0].upper in _MODES:
        words = words[1:]
    return {_type(words), _type(words[1:])}


def _printed(argument: Sequence[Token]) -> str:
    words = [token for token in argument if token.upper not in _MODES]
    return _type(words)


def _type(words: Sequence[Token]) -> str:
    """A type's text without its schema."""
    names = [token.name if token.is_name else token.text for token in words]
    while len(names) > 2 and names[1] == ".":
        names = names[2:]
    array = "[]" * names.count("[")
    name = " ".join(n for n in names if n not in "[]")
    return _ALIASES.get(name, name) + array
