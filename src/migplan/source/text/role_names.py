"""Which roles a statement names: in GRANT, policies, owners, default privileges, user mappings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from migplan.source.text.lexer import Token
from migplan.source.text.split import SourceStatement

_NOT_ROLES: Final = frozenset("PUBLIC CURRENT_USER SESSION_USER CURRENT_ROLE USER NONE DEFAULT".split())


def role_names(statement: SourceStatement) -> Iterator[str]:
    """The roles that must exist for the statement to run."""
    words = statement.words
    if words[0] in {"GRANT", "REVOKE"}:
        yield from _listed(statement.tokens, {"TO", "FROM"})
    elif words[1:2] == ("POLICY",) and words[0] in {"CREATE", "ALTER"}:
        yield from _listed(statement.tokens, {"TO"})
    elif words[:3] == ("ALTER", "DEFAULT", "PRIVILEGES"):
        yield from _listed(statement.tokens, {"ROLE", "USER"})
        yield from _listed(statement.tokens, {"TO", "FROM"})
    elif words[:2] == ("CREATE", "SCHEMA"):
        yield from _listed(statement.head, {"AUTHORIZATION"})
    elif words[1:3] == ("USER", "MAPPING"):
        yield from _listed(statement.head, {"FOR"})
    elif sets_owner(statement):
        yield from _listed(statement.tokens[-2:], {"TO"})


def sets_owner(statement: SourceStatement) -> bool:
    """Whether the statement is ``ALTER … OWNER TO role``."""
    if statement.words[0] != "ALTER" or "OWNER" not in statement.text.upper():
        return False
    last = [token.upper for token in statement.tokens[-3:-1]]
    return last == ["OWNER", "TO"]


def is_role(token: Token) -> bool:
    """Whether the token names a role, and isn't PUBLIC or a word for the current one."""
    return token.is_name and token.upper not in _NOT_ROLES


def _listed(tokens: Sequence[Token], introducers: set[str]) -> Iterator[str]:
    """The names behind the first of these words outside parentheses: ``TO a, GROUP b, PUBLIC``."""
    position = _behind(tokens, introducers)
    while position < len(tokens):
        if tokens[position].upper == "GROUP" and position + 1 < len(tokens) and tokens[position + 1].is_name:
            position += 1
        if is_role(tokens[position]):
            yield tokens[position].name
        if position + 1 >= len(tokens) or tokens[position + 1].text != ",":
            return
        position += 2


def _behind(tokens: Sequence[Token], introducers: set[str]) -> int:
    depth = 0
    for i, token in enumerate(tokens):
        depth += {"(": 1, ")": -1}.get(token.upper, 0)
        if depth == 0 and token.upper in introducers:
            return i + 1
    return len(tokens)
