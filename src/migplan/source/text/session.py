"""What SET commands of a file do to the session that loads it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from migplan.core.records import record
from migplan.source.text.lexer import Token
from migplan.source.text.split import SourceStatement
from migplan.source.text.targets import name_at, words_at

_WITHOUT_MEANING: Final = frozenset(
    """
    statement_timeout lock_timeout idle_in_transaction_session_timeout idle_session_timeout transaction_timeout
    client_min_messages escape_string_warning row_security client_encoding names check_function_bodies
    default_with_oids synchronous_commit session_replication_role lc_messages
    """.split()
)
"""Settings that pg_dump and people write and that don't change which objects a declaration creates."""


@record
class Session:
    """The settings in force at one place of a file, as the statements that made them.

    ``schema`` is where unqualified names are created; "" where nothing unqualified can be. ``local`` are the
    settings that end with the transaction.
    """

    settings: tuple[SourceStatement, ...] = ()
    local: frozenset[SourceStatement] = frozenset()
    schema: str = "public"
    schemas: frozenset[str] = frozenset()

    def after_set(self, statement: SourceStatement) -> Session:
        """The session after ``SET name = value``; roles and transaction modes are not settings."""
        words = statement.words
        local = words[1:2] == ("LOCAL",)
        position = 2 if words[1:2] in {("LOCAL",), ("SESSION",)} else 1
        if words_at(statement.head, position, "SCHEMA"):
            return self._with(statement, "search_path", statement.tokens[position + 1 :], local=local)
        if words_at(statement.head, position, "TIME", "ZONE"):
            return self._with(statement, "timezone", (), local=local)
        name, after = name_at(statement.head, position)
        return self._with(statement, ".".join(name).lower(), statement.tokens[after + 1 :], local=local)

    def after_set_config(self, statement: SourceStatement, arguments: int) -> Session:
        """The session after ``SELECT set_config('name', 'value', false)``; ``arguments`` is the opening parenthesis."""
        tokens = statement.tokens
        return self._with(statement, tokens[arguments + 1].value.lower(), tokens[arguments + 3 : arguments + 4])

    def after_reset(self, statement: SourceStatement) -> Session:
        """The session after RESET."""
        name = statement.words[1:2]
        if name == ("ALL",):
            return Session(schemas=self.schemas)
        schema = "public" if name == ("SEARCH_PATH",) else self.schema
        return replace(self, settings=(*self.settings, statement), schema=schema)

    def after_role(self, statement: SourceStatement) -> Session:
        """The session after SET ROLE or SET SESSION AUTHORIZATION."""
        return replace(self, settings=(*self.settings, statement))

    def after_transaction(self) -> Session:
        """The session after COMMIT."""
        kept = tuple(s for s in self.settings if s not in self.local)
        return replace(self, settings=kept, local=frozenset())

    def _with(self, statement: SourceStatement, name: str, value: Sequence[Token], *, local: bool = False) -> Session:
        if name in _WITHOUT_MEANING:
            return self
        changed = replace(self, settings=(*self.settings, statement))
        if local:
            changed = replace(changed, local=self.local | {statement})
        if name != "search_path":
            return changed
        path = _search_path(value)
        return replace(changed, schema=path[0] if path else "", schemas=self.schemas | set(path))


def as_session_setting(statement: SourceStatement) -> str:
    """The command that makes the setting without the transaction that SET LOCAL belongs to; offsets stay the same."""
    if statement.words[1:2] != ("LOCAL",):
        return statement.text
    local = statement.head[1]
    return statement.text[: local.offset] + " " * len(local.text) + statement.text[local.end :]


def _search_path(value: Sequence[Token]) -> list[str]:
    """The schemas that a search_path names: identifiers, or a string constant with a list of them."""
    if [token.upper for token in value] == ["DEFAULT"]:
        return ["public"]
    names: list[str] = []
    for token in value:
        if token.is_name:
            names.append(token.name)
        elif token.upper != ",":
            names.extend(part.strip().strip('"') for part in token.value.split(","))
    return [name for name in names if name and name != "$user" and not name.startswith("pg_")]
