"""Which object a statement speaks of, told by its tokens: ``CREATE UNIQUE INDEX i ON t …`` is index i of t.

PostgreSQL stays the parser: this only finds names, for directives, for the managed schemas and for error messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.records import record
from migplan.source.text.lexer import Token, TokenKind

_MODIFIERS: Final = frozenset(
    {
        "OR",
        "REPLACE",
        "GLOBAL",
        "LOCAL",
        "TEMP",
        "TEMPORARY",
        "UNLOGGED",
        "RECURSIVE",
        "UNIQUE",
        "CONSTRAINT",
        "TRUSTED",
        "PROCEDURAL",
        "DEFAULT",
        "IF",
        "NOT",
        "EXISTS",
        "ONLY",
        "CONCURRENTLY",
    }
)

_KINDS: Final[dict[tuple[str, ...], str]] = {
    ("TABLE",): "table",
    ("FOREIGN", "TABLE"): "foreign_table",
    ("VIEW",): "view",
    ("MATERIALIZED", "VIEW"): "materialized_view",
    ("SEQUENCE",): "sequence",
    ("INDEX",): "index",
    ("TYPE",): "type",
    ("DOMAIN",): "domain",
    ("FUNCTION",): "function",
    ("PROCEDURE",): "procedure",
    ("ROUTINE",): "function",
    ("AGGREGATE",): "aggregate",
    ("TRIGGER",): "trigger",
    ("EVENT", "TRIGGER"): "event_trigger",
    ("POLICY",): "policy",
    ("RULE",): "rule",
    ("SCHEMA",): "schema",
    ("EXTENSION",): "extension",
    ("STATISTICS",): "statistics",
    ("COLLATION",): "collation",
    ("CONVERSION",): "conversion",
    ("OPERATOR", "CLASS"): "operator_class",
    ("OPERATOR", "FAMILY"): "operator_family",
    ("OPERATOR",): "operator",
    ("TEXT", "SEARCH", "CONFIGURATION"): "ts_configuration",
    ("TEXT", "SEARCH", "DICTIONARY"): "ts_dictionary",
    ("TEXT", "SEARCH", "PARSER"): "ts_parser",
    ("TEXT", "SEARCH", "TEMPLATE"): "ts_template",
    ("PUBLICATION",): "publication",
    ("SUBSCRIPTION",): "subscription",
    ("SERVER",): "server",
    ("FOREIGN", "DATA", "WRAPPER"): "foreign_data_wrapper",
    ("LANGUAGE",): "language",
    ("COLUMN",): "column",
    ("CONSTRAINT",): "constraint",
}
"""Keywords of CREATE, ALTER, DROP and COMMENT ON, and the kind in object ids. Types of every sort are ``type`` here;
:func:`migplan.source.text.directives.check_targets` finds which."""

_GLOBAL: Final = frozenset(
    {
        "schema",
        "extension",
        "event_trigger",
        "publication",
        "subscription",
        "server",
        "foreign_data_wrapper",
        "language",
    }
)
_MEMBERS: Final = frozenset({"trigger", "policy", "rule"})
_TYPES: Final = {"ENUM": "enum", "RANGE": "range", "(": "composite_type"}


@record
class Target:
    """The object a statement names: ``verb`` (CREATE, ALTER, …), its id and the index of the token behind its name.

    ``qualified`` tells whether the schema was written.
    """

    verb: str
    id: ObjectId
    next: int
    qualified: bool


def target_of(tokens: Sequence[Token], default_schema: str) -> Target | None:
    """What the statement creates, alters, drops or comments on; None where it has no single object."""
    verb = tokens[0].upper if tokens else ""
    position = 1
    if verb == "COMMENT":
        position = 2
    elif verb not in {"CREATE", "ALTER", "DROP"}:
        return None
    position = _skip_modifiers(tokens, position)
    found = _kind(tokens, position)
    if found is None:
        return None
    kind, position = found
    return _named(tokens, _skip_modifiers(tokens, position), verb, kind, default_schema)


def name_at(tokens: Sequence[Token], position: int) -> tuple[tuple[str, ...], int]:
    """The dotted name at ``position`` and the index behind it; empty where there is none."""
    parts: list[str] = []
    while position < len(tokens) and tokens[position].is_name:
        parts.append(tokens[position].name)
        position += 1
        if position >= len(tokens) or tokens[position].text != ".":
            break
        position += 1
    return tuple(parts), position


def words_at(tokens: Sequence[Token], position: int, *words: str) -> bool:
    """Whether these keywords or symbols stand at ``position``."""
    return len(tokens) >= position + len(words) and all(
        tokens[position + i].upper == word for i, word in enumerate(words)
    )


def _skip_modifiers(tokens: Sequence[Token], position: int) -> int:
    while position < len(tokens) and tokens[position].upper in _MODIFIERS:
        if tokens[position].upper == "CONSTRAINT" and not words_at(tokens, position + 1, "TRIGGER"):
            break
        position += 1
    return position


def _kind(tokens: Sequence[Token], position: int) -> tuple[str, int] | None:
    for length in (3, 2, 1):
        words = tuple(token.upper for token in tokens[position : position + length])
        if len(words) == length and words in _KINDS:
            return _KINDS[words], position + length
    return None


def _named(tokens: Sequence[Token], position: int, verb: str, kind: str, default_schema: str) -> Target | None:
    if kind == "index" and words_at(tokens, position, "ON"):
        return None
    if kind == "schema" and words_at(tokens, position, "AUTHORIZATION"):
        position += 1
    name, position = name_at(tokens, position)
    if not name:
        return None
    if kind in _GLOBAL:
        return Target(verb, ObjectId(kind, name[-1:]), position, True)
    if kind in _MEMBERS or kind == "constraint":
        return _member(tokens, position, verb, kind, name, default_schema)
    if kind == "column":
        return Target(verb, ObjectId(kind, _qualify(name, 3, default_schema)), position, len(name) > 2)
    if kind == "index" and verb == "CREATE":
        return _index(tokens, position, name, default_schema)
    if kind in CALLABLE:
        arguments, position = _arguments(tokens, position)
        return Target(verb, ObjectId(kind, (*_qualify(name, 2, default_schema), arguments)), position, len(name) > 1)
    if kind == "type" and verb == "CREATE":
        kind = _sort_of_type(tokens, position)
    return Target(verb, ObjectId(kind, _qualify(name, 2, default_schema)), position, len(name) > 1)


def _index(tokens: Sequence[Token], position: int, name: tuple[str, ...], default_schema: str) -> Target:
    """An index lives in its table's schema."""
    table: tuple[str, ...] = ()
    if words_at(tokens, position, "ON"):
        table, _ = name_at(tokens, position + (2 if words_at(tokens, position + 1, "ONLY") else 1))
    schema = table[0] if len(table) > 1 else default_schema
    return Target("CREATE", ObjectId("index", (schema, name[-1])), position, len(table) > 1)


def _member(
    tokens: Sequence[Token], position: int, verb: str, kind: str, name: tuple[str, ...], default_schema: str
) -> Target | None:
    """Triggers, policies, rules and constraints bear the name of the relation behind the next ON.

    CREATE RULE has its event there, and the relation behind TO.
    """
    introducer = "TO" if kind == "rule" and verb == "CREATE" else "ON"
    found = next((i for i in range(position, len(tokens)) if tokens[i].upper == introducer), len(tokens))
    start = found + 2 if words_at(tokens, found + 1, "DOMAIN") else found + 1
    relation, after = name_at(tokens, start)
    if not relation:
        return None
    path = (*_qualify(relation, 2, default_schema), name[-1])
    return Target(verb, ObjectId(kind, path), after, len(relation) > 1)


def _arguments(tokens: Sequence[Token], position: int) -> tuple[str, int]:
    """The text between the parentheses of a routine's signature, tokens joined by blanks."""
    if not words_at(tokens, position, "("):
        return "", position
    depth, inside = 0, list[str]()
    for i in range(position, len(tokens)):
        token = tokens[i]
        if token.kind is TokenKind.SYMBOL:
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            if depth == 0:
                return " ".join(inside[1:]), i + 1
        inside.append(token.text)
    return " ".join(inside[1:]), len(tokens)


def _sort_of_type(tokens: Sequence[Token], position: int) -> str:
    if not words_at(tokens, position, "AS") or position + 1 >= len(tokens):
        return "type"
    return _TYPES.get(tokens[position + 1].upper, "type")


def _qualify(name: tuple[str, ...], length: int, default_schema: str) -> tuple[str, ...]:
    return (default_schema, *name) if len(name) < length else name[-length:]
