"""Renaming a column in text that PostgreSQL printed: the deparsed expression of one table names its columns bare."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from migplan.core.sql import Sql, quoted

_TOKEN: Final = re.compile(
    r"""(?P<string>E?'(?:[^'\\]|''|\\.)*')|(?P<quoted>"(?:[^"]|"")+")|(?P<word>[^\W\d][\w$]*)|(?P<type>::)|(?P<other>.)""",
    re.S | re.X,
)


def with_columns_renamed(text: str, names: Mapping[str, str], *, typed: bool = False) -> Sql:
    """The expression with bare column names replaced; a ``typed`` one was written by a person, perhaps in upper case.

    What follows ``.`` (a field), ``::`` (a type) or stands before ``(`` (a function) is no column; nor is anything in
    a string. An index definition that begins with ``USING method`` is fine: methods are words before ``(``.
    """
    result: list[str] = []
    tokens = list(_TOKEN.finditer(text))
    for at, token in enumerate(tokens):
        name = _name(token)
        if typed and token.lastgroup == "word":
            name = token.group().lower()
        renamed = None if name is None else names.get(name)
        if renamed is None or _is_field_or_type(tokens, at) or _is_call(tokens, at):
            result.append(token.group())
        else:
            result.append(quoted(renamed))
    return Sql("".join(result))


def _name(token: re.Match[str]) -> str | None:
    """The raw name that a token writes, if it is one. Deparsed text has no folded upper case."""
    if token.lastgroup == "word":
        return token.group()
    if token.lastgroup == "quoted":
        return token.group()[1:-1].replace('""', '"')
    return None


def _is_field_or_type(tokens: list[re.Match[str]], at: int) -> bool:
    return at > 0 and tokens[at - 1].group() in (".", "::")


def _is_call(tokens: list[re.Match[str]], at: int) -> bool:
    return at + 1 < len(tokens) and tokens[at + 1].group() == "("


def with_types_renamed(text: str, names: Mapping[str, str]) -> Sql:
    """The expression with types in casts (``::schema.name``) replaced; both names as PostgreSQL prints them."""
    result: list[str] = []
    tokens = [token.group() for token in _TOKEN.finditer(text)]
    at = 0
    while at < len(tokens):
        result.append(tokens[at])
        name = "".join(tokens[at + 1 : at + 4])
        if tokens[at] == "::" and name in names:
            result.append(names[name])
            at += 3
        at += 1
    return Sql("".join(result))


def columns_named(text: str) -> frozenset[str]:
    """The bare names in an expression of one table that may be columns, unquoted ones folded to lower case."""
    tokens = list(_TOKEN.finditer(text))
    named = ((_name(token), token, at) for at, token in enumerate(tokens))
    return frozenset(
        name.lower() if token.lastgroup == "word" else name
        for name, token, at in named
        if name is not None and not _is_field_or_type(tokens, at) and not _is_call(tokens, at)
    )
