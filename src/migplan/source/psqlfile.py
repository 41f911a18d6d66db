"""Reading a file as psql would: what is loaded, under which settings, and what pg_dump writes around it.

Transactions, settings, owners, roles and ``\\restrict`` lines are understood; psql's other commands and statements
that change data are refused with their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from migplan.source.lexer import Token, tokens
from migplan.source.split import SourceStatement, SourceText, SplitFile, split
from migplan.source.targets import name_at, words_at


@dataclass(frozen=True, slots=True)
class Note:
    """Something in a declared file that migplan leaves alone, and where."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@dataclass(frozen=True, slots=True)
class Policy:
    """What of a file is loaded: ``owners`` and ``grants`` as managed by migplan.toml, ``data`` for set-up files."""

    owners: bool = False
    grants: bool = True
    data: bool = False


@dataclass(frozen=True, slots=True)
class Loadable:
    """A statement to be run, with ``text`` in which every character keeps its offset.

    ``settings`` are the SET commands in force, ``schema`` is where unqualified names are created. ``prelude`` marks
    the drops at the head of a dump, ``last`` what has to wait until everything else is there.
    """

    statement: SourceStatement
    text: str
    settings: tuple[str, ...]
    schema: str
    prelude: bool = False
    last: bool = False


@dataclass(frozen=True, slots=True)
class PsqlFile:
    """What one file says. ``roles`` maps every role it names to the place; ``created_roles`` are those it creates."""

    split: SplitFile
    loadables: tuple[Loadable, ...]
    notes: tuple[Note, ...]
    roles: dict[str, str]
    created_roles: frozenset[str]
    search_paths: frozenset[str]


REFERENCE_DATA: Final = re.compile(r"--\s*migplan:\s*reference-data\b")

_DATA: Final = frozenset(
    ["INSERT", "UPDATE", "DELETE", "MERGE", "TRUNCATE", "COPY", "CALL", "SELECT", "VALUES", "WITH", "TABLE", "EXECUTE", "PERFORM", "LOCK"]
)
_MAINTENANCE: Final = frozenset(["VACUUM", "ANALYZE", "ANALYSE", "REINDEX", "CLUSTER", "CHECKPOINT", "REFRESH", "NOTIFY", "DISCARD"])
_TRANSACTION: Final = frozenset(["BEGIN", "START", "COMMIT", "END"])
_UNDO: Final = frozenset(["ROLLBACK", "ABORT", "SAVEPOINT", "RELEASE"])
_ROLE_WORDS: Final = frozenset(["ROLE", "USER", "GROUP"])
_CLUSTER: Final = frozenset(["DATABASE", "TABLESPACE", "SYSTEM"])
_HARMLESS_SETTINGS: Final = frozenset(
    ["statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "transaction_timeout", "client_min_messages", "escape_string_warning", "row_security", "client_encoding", "check_function_bodies", "default_with_oids", "synchronous_commit", "names", "idle_session_timeout"]
)
_ROLE_KEYWORDS: Final = frozenset(
    ["PUBLIC", "CURRENT_USER", "SESSION_USER", "CURRENT_ROLE", "USER", "NONE", "DEFAULT"]
)
_ROLE_STATEMENT: Final = re.compile(r"\b(?:create|alter|drop)\s+(?:role|user|group)\s+(?!mapping\b)", re.I)
_CLUSTER_STATEMENT: Final = re.compile(r"\b(?:create|alter|drop)\s+(?:database|tablespace)\b|\balter\s+system\b", re.I)
_DO_ROLE: Final = re.compile(r"\bcreate\s+(?:role|user|group)\s+(\"[^\"]+\"|[a-z_][a-z0-9_$]*)", re.I)


def read_file(source: SourceText, policy: Policy | None = None) -> PsqlFile:
    """The statements of a file that are to be loaded, and what else it says.

    Raises ``SourceError`` with its place for what no declaration may hold: data, psql's commands, transactions that
    are rolled back, commands on the whole server.
    """
    return _Reader(split(source), policy or Policy()).run()


@dataclass
class _Reader:
    file: SplitFile
    policy: Policy
    loadables: list[Loadable] = field(default_factory=list[Loadable])
    notes: list[Note] = field(default_factory=list[Note])
    roles: dict[str, str] = field(default_factory=dict[str, str])
    created_roles: set[str] = field(default_factory=set[str])
    search_paths: set[str] = field(default_factory=set[str])
    settings: tuple[str, ...] = ()
    local: frozenset[str] = frozenset()
    schema: str = "public"
    prelude: bool = True
    reference_data: bool = False

    def run(self) -> PsqlFile:
        self.reference_data = REFERENCE_DATA.search(self.file.source.text) is not None
        for statement in self.file.statements:
            self._read(statement)
        return PsqlFile(
            self.file,
            tuple(self.loadables),
            tuple(self.notes),
            self.roles,
            frozenset(self.created_roles),
            frozenset(self.search_paths),
        )

    def _read(self, statement: SourceStatement) -> None:
        if statement.meta:
            self._meta_command(statement)
            return
        first = statement.words[0] if statement.words else ""
        handler = _HANDLERS.get(first)
        if handler is not None:
            handler(self, statement)
        elif first in _DATA:
            self._data(statement)
        elif first in _MAINTENANCE:
            self._note(statement, f"{first} is not part of a declaration")
        elif first in _TRANSACTION:
            self._end_local_settings(first)
        elif first in _UNDO or first == "PREPARE":
            raise _refused(statement, f"{first} in a declaration", "A declared file is loaded as a whole; remove it.")
        else:
            self._load(statement)

    def _meta_command(self, statement: SourceStatement) -> None:
        command = statement.text.split(None, 1)[0]
        if command not in {"\\restrict", "\\unrestrict"}:
            raise _refused(
                statement,
                f"the psql command {command} is not understood",
                "Declared files hold SQL only; of psql's commands, only pg_dump's \\restrict lines may stand in them.",
            )

    def _data(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[0] == "SELECT" and self._select(statement):
            return
        if self.policy.data:
            self._load(statement)
        elif self.reference_data:
            self._note(statement, f"reference data is not handled: {statement.excerpt}")
        else:
            raise _refused(
                statement,
                f"{words[0]} changes data, and a declared file describes the schema only: {statement.excerpt}",
                "Move it to a file of its own that carries the comment `-- migplan: reference-data`, or remove it.",
            )

    def _select(self, statement: SourceStatement) -> bool:
        """pg_dump's two calls: set_config is a setting, setval is data of a sequence."""
        name, position = name_at(statement.head, 1)
        if name[-1:] == ("set_config",) and len(statement.head) > position + 3:
            setting, value = statement.head[position + 1].value, statement.head[position + 3]
            self._set(statement.text, setting.lower(), (value,), local=False)
            return True
        return name[-1:] == ("setval",)

    def _set_command(self, statement: SourceStatement) -> None:
        words, position = statement.words, 1
        local = words_at(statement.head, 1, "LOCAL")
        if words[1:2] in {("LOCAL",), ("SESSION",)}:
            position = 2
        following = words[position : position + 1]
        if following in {("AUTHORIZATION",), ("ROLE",)}:
            self._session_role(statement, statement.head[position + 1])
        elif following in {("TRANSACTION",), ("CHARACTERISTICS",), ("CONSTRAINTS",)}:
            return
        elif following == ("SCHEMA",):
            self._set(statement.text, "search_path", statement.tokens[position + 1 :], local=local)
        else:
            name, after = name_at(statement.head, position)
            self._set(statement.text, ".".join(name).lower(), statement.tokens[after + 1 :], local=local)

    def _session_role(self, statement: SourceStatement, role: Token) -> None:
        if self.policy.owners and role.upper not in _ROLE_KEYWORDS:
            self._role(role.value if not role.is_name else role.name, statement)
            self.settings = (*self.settings, statement.text)

    def _set(self, text: str, name: str, values: Sequence[Token], *, local: bool) -> None:
        if name in _HARMLESS_SETTINGS:
            return
        if name == "search_path":
            path = _search_path(values)
            self.search_paths.update(path)
            self.schema = path[0] if path else "public"
        self.settings = (*self.settings, text)
        if local:
            self.local |= {text}

    def _reset(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[1:2] == ("ALL",):
            self.settings = ()
        else:
            self.settings = (*self.settings, statement.text)
        if words[1:2] in {("ALL",), ("SEARCH_PATH",)}:
            self.schema = "public"

    def _end_local_settings(self, word: str) -> None:
        if word in {"COMMIT", "END"} and self.local:
            self.settings = tuple(s for s in self.settings if s not in self.local)
            self.local = frozenset()

    def _create(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[1] in _ROLE_WORDS and words[2:3] != ("MAPPING",):
            self._created_role(statement, 2)
        elif words[1] in _CLUSTER:
            raise _refused(
                statement,
                f"CREATE {words[1]} concerns the whole server",
                "A declaration describes one database; remove the statement.",
            )
        elif {"TEMP", "TEMPORARY"} & set(words[1:4]):
            raise _refused(statement, "a temporary object is not part of a schema", "Remove the statement.")
        elif words[1] == "SUBSCRIPTION":
            self._note(statement, "subscriptions are not modelled and not created")
        else:
            self._load(statement, text=_without_concurrently(statement), last=words[1] == "EVENT")

    def _alter(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[1] in _ROLE_WORDS and words[2:3] != ("MAPPING",):
            self._altered_role(statement)
        elif words[1] in _CLUSTER or words[1] == "SUBSCRIPTION":
            self._note(statement, f"ALTER {words[1]} is not handled")
        elif _sets_owner(statement):
            self._owner(statement)
        else:
            self._load(statement, last=words[1] == "EVENT")

    def _owner(self, statement: SourceStatement) -> None:
        if self.policy.owners:
            self._named_role(statement, statement.tokens[-1])
            self._load(statement)

    def _drop(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[1] in _ROLE_WORDS | _CLUSTER and words[2:3] != ("MAPPING",):
            self._note(statement, f"DROP {words[1]} is not executed")
        elif words[1] == "OWNED":
            raise _refused(statement, "DROP OWNED in a declaration", "Remove the statement.")
        else:
            self._load(statement, text=_without_concurrently(statement))

    def _comment(self, statement: SourceStatement) -> None:
        about = statement.words[2] if len(statement.words) > 2 else ""
        if about in _CLUSTER | _ROLE_WORDS | {"SUBSCRIPTION"}:
            self._note(statement, f"COMMENT ON {about} is not handled")
        else:
            self._load(statement)

    def _security_label(self, statement: SourceStatement) -> None:
        self._note(statement, "security labels are not modelled and not loaded")

    def _refuse_import(self, statement: SourceStatement) -> None:
        raise _refused(
            statement,
            "IMPORT FOREIGN SCHEMA asks another server, so it declares nothing by itself",
            "Declare the foreign tables one by one; `migplan inspect` prints them.",
        )

    def _reassign(self, statement: SourceStatement) -> None:
        raise _refused(statement, "REASSIGN OWNED in a declaration", "Write ALTER … OWNER TO for each object.")

    def _privileges(self, statement: SourceStatement) -> None:
        on = next((i for i, token in enumerate(statement.tokens) if token.upper == "ON"), None)
        if on is None:
            self._note(statement, "role memberships are not managed")
            return
        about = statement.tokens[on + 1].upper if on + 1 < len(statement.tokens) else ""
        if about in _CLUSTER | {"PARAMETER", "LARGE"}:
            self._note(statement, f"privileges on {about.lower()} objects are not handled")
        elif self.policy.grants:
            self._role_list(statement, {"TO", "FROM"})
            self._load(statement)

    def _policy(self, statement: SourceStatement) -> None:
        self._role_list(statement, {"TO"})

    def _do(self, statement: SourceStatement) -> None:
        body = _do_body(statement)
        if _ROLE_STATEMENT.search(body):
            for name in _DO_ROLE.findall(body):
                self._add_role(next(tokens(name)), statement, created=True)
            self._note(statement, "a DO block that manages roles is not executed; the roles it creates must exist")
        elif _CLUSTER_STATEMENT.search(body):
            raise _refused(statement, "a DO block concerns the whole server", "Remove the statement.")
        elif not self.policy.data and (place := _data_in(body)) is not None:
            self._data_block(statement, place)
        else:
            self._load(statement)

    def _data_block(self, statement: SourceStatement, word: str) -> None:
        if self.reference_data:
            self._note(statement, f"reference data is not handled: {statement.excerpt}")
            return
        raise _refused(
            statement,
            f"a DO block with {word} changes data, and a declared file describes the schema only",
            "Move it to a file of its own that carries the comment `-- migplan: reference-data`, or remove it.",
        )

    def _load(self, statement: SourceStatement, *, text: str | None = None, last: bool = False) -> None:
        self._roles_of(statement)
        words = statement.words
        drops = words[0] == "DROP" or (words[0] == "ALTER" and "DROP" in words)
        self.prelude = self.prelude and drops
        self.loadables.append(
            Loadable(statement, text or statement.text, self.settings, self.schema, self.prelude, last)
        )

    def _roles_of(self, statement: SourceStatement) -> None:
        words = statement.words
        if words[1:2] == ("POLICY",):
            self._role_list(statement, {"TO"})
        elif words[:3] == ("ALTER", "DEFAULT", "PRIVILEGES"):
            self._role_list(statement, {"ROLE", "USER"})
            self._role_list(statement, {"TO", "FROM"})
        elif words[:2] == ("CREATE", "SCHEMA") and "AUTHORIZATION" in words:
            self._named_role(statement, statement.head[words.index("AUTHORIZATION") + 1])
        elif words[1:3] == ("USER", "MAPPING") and "FOR" in words:
            self._named_role(statement, statement.head[words.index("FOR") + 1])

    def _role_list(self, statement: SourceStatement, introducers: set[str]) -> None:
        """Names after the first of these words outside parentheses: ``TO a, GROUP b, PUBLIC``."""
        items = statement.tokens
        start = _outside_parentheses(items, introducers)
        while start is not None and start < len(items):
            if items[start].upper == "GROUP":
                start += 1
            if start < len(items) and items[start].is_name:
                self._named_role(statement, items[start])
            start = start + 2 if start + 1 < len(items) and items[start + 1].text == "," else None

    def _named_role(self, statement: SourceStatement, token: Token) -> None:
        if token.upper not in _ROLE_KEYWORDS:
            self._add_role(token, statement)

    def _created_role(self, statement: SourceStatement, position: int) -> None:
        if position < len(statement.head):
            self._add_role(statement.head[position], statement, created=True)

    def _altered_role(self, statement: SourceStatement) -> None:
        self._note(statement, "roles are known by name only; ALTER ROLE is not executed")

    def _add_role(self, token: Token, statement: SourceStatement, *, created: bool = False) -> None:
        if created:
            self.created_roles.add(token.name)
        self._role(token.name, statement)

    def _role(self, name: str, statement: SourceStatement) -> None:
        self.roles.setdefault(name, statement.place)

    def _note(self, statement: SourceStatement, text: str) -> None:
        self.notes.append(Note(statement.place, text))


_HANDLERS: Final[dict[str, Callable[[_Reader, SourceStatement], None]]] = {
    "SET": _Reader._set_command,
    "RESET": _Reader._reset,
    "CREATE": _Reader._create,
    "ALTER": _Reader._alter,
    "DROP": _Reader._drop,
    "COMMENT": _Reader._comment,
    "SECURITY": _Reader._security_label,
    "IMPORT": _Reader._refuse_import,
    "REASSIGN": _Reader._reassign,
    "GRANT": _Reader._privileges,
    "REVOKE": _Reader._privileges,
    "DO": _Reader._do,
}
