"""What a DO block does, as far as its words tell."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from migplan.source.text.lexer import Token, TokenKind, tokens
from migplan.source.text.split import SourceStatement

_ROLES: Final = re.compile(r"\b(?:create|alter|drop)\s+(?:role|user|group)\s+(?!mapping\b)", re.I)
_SERVER: Final = re.compile(r"\b(?:create|alter|drop)\s+(?:database|tablespace)\b|\balter\s+system\b", re.I)
_CREATED_ROLE: Final = re.compile(r"\bcreate\s+(?:role|user|group)\s+(\"[^\"]+\"|(?!if\b)[a-z_][a-z0-9_$]*)", re.I)
_DATA: Final = ({"INSERT", "INTO"}, {"DELETE", "FROM"}, {"MERGE", "INTO"})
_NO_UPDATE_AFTER: Final = frozenset({"ON", "FOR", "OR", "BEFORE", "AFTER", "OF", "KEY", ","})


def body_of(statement: SourceStatement) -> str:
    """The block's code."""
    return next((t.value for t in statement.tokens if t.kind is TokenKind.STRING and t.text[0] in "$'"), "")


def manages_roles(body: str) -> bool:
    """Whether roles are created, altered or dropped, also by dynamic SQL."""
    return _ROLES.search(body) is not None


def manages_server(body: str) -> bool:
    """Whether databases, tablespaces or the server's configuration are changed."""
    return _SERVER.search(body) is not None


def created_roles(body: str) -> list[str]:
    """The roles that the block creates by name."""
    return [next(tokens(name)).name for name in _CREATED_ROLE.findall(body)]


def data_command(body: str) -> str | None:
    """The first command that changes data, or None; strings inside the block don't count."""
    items = list(tokens(body))
    for i, token in enumerate(items):
        pair = {t.upper for t in items[i : i + 2]}
        if pair in _DATA or token.upper == "TRUNCATE":
            return token.upper
        if token.upper == "UPDATE" and _is_update(items, i):
            return "UPDATE"
    return None


def _is_update(items: Sequence[Token], position: int) -> bool:
    before = items[position - 1].upper if position else ""
    following = [t.upper for t in items[position + 1 : position + 6]]
    return before not in _NO_UPDATE_AFTER and "SET" in following[1:]
