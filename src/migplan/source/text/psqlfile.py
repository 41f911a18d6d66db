"""Reading a file as psql would: what is loaded, under which settings, and what pg_dump writes around it.

Transactions, settings, owners, roles and ``\\restrict`` lines are understood; psql's other commands and statements
that change data are refused with their place.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from migplan.core.errors import SourceError
from migplan.core.records import record
from migplan.source.text import do_block
from migplan.source.text.files import SourceText
from migplan.source.text.histories import is_history
from migplan.source.text.role_names import is_role, role_names, sets_owner
from migplan.source.text.session import Session
from migplan.source.text.split import SourceStatement, SplitFile, split
from migplan.source.text.targets import name_at


@record
class Note:
    """Something in a declared file that migplan leaves alone, and where."""

    place: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.text}"


@record
class ReadingRules:
    """What of a file is loaded: ``owners`` and ``grants`` as managed by migplan.toml, ``data`` for set-up files."""

    owners: bool = False
    grants: bool = True
    data: bool = False


@record
class Loadable:
    """A statement to be run; ``text`` keeps every character's offset.

    ``prelude`` marks the drops at the head of a dump (``pg_dump --clean``), which may find nothing to drop; ``last``
    what has to wait until everything else is there.
    """

    statement: SourceStatement
    text: str
    session: Session
    prelude: bool = False
    last: bool = False


@record
class PsqlFile:
    """What one file says. ``roles`` maps every role that something is granted to, or that owns or may do something, to
    the place; ``created_roles`` those that it creates, which nothing else has to need."""

    split: SplitFile
    loadables: tuple[Loadable, ...]
    notes: tuple[Note, ...]
    roles: dict[str, str]
    created_roles: dict[str, str]
    search_paths: frozenset[str]


REFERENCE_DATA: Final = re.compile(r"--\s*migplan:\s*reference-data\b")

_DATA: Final = frozenset(
    "INSERT UPDATE DELETE MERGE TRUNCATE COPY CALL SELECT VALUES WITH TABLE EXECUTE LOCK EXPLAIN DECLARE FETCH".split()
)
_MAINTENANCE: Final = frozenset("VACUUM ANALYZE ANALYSE REINDEX CHECKPOINT REFRESH NOTIFY DISCARD".split())
_UNDO: Final = frozenset("ROLLBACK ABORT SAVEPOINT RELEASE PREPARE".split())
_ROLE_WORDS: Final = frozenset("ROLE USER GROUP".split())
_SERVER_WORDS: Final = frozenset("DATABASE TABLESPACE SYSTEM".split())
_DATA_HINT: Final = (
    "Move it to a file that carries the comment `-- migplan: reference-data`, or remove it: "
    "a declared file describes the schema only."
)


def read_file(source: SourceText, rules: ReadingRules | None = None) -> PsqlFile:
    """The statements of a file that are to be loaded, and what else it says.

    Raises ``SourceError`` with its place for what no declaration may hold: data, psql's commands, transactions that
    are rolled back, commands on the whole server.
    """
    reader = _Reader(split(source), rules or ReadingRules())
    for statement in reader.file.statements:
        _read(reader, statement)
    return PsqlFile(
        reader.file,
        tuple(reader.loadables),
        tuple(reader.notes),
        reader.roles,
        reader.created_roles,
        reader.session.schemas,
    )


@dataclass
class _Reader:
    file: SplitFile
    rules: ReadingRules
    session: Session = field(default_factory=Session)
    loadables: list[Loadable] = field(default_factory=list[Loadable])
    notes: list[Note] = field(default_factory=list[Note])
    roles: dict[str, str] = field(default_factory=dict[str, str])
    created_roles: dict[str, str] = field(default_factory=dict[str, str])
    prelude: bool = True

    @property
    def reference_data(self) -> bool:
        return REFERENCE_DATA.search(self.file.source.text) is not None

    def note(self, statement: SourceStatement, text: str) -> None:
        self.notes.append(Note(statement.place, text))

    def load(self, statement: SourceStatement, text: str | None = None, *, last: bool = False) -> None:
        for role in role_names(statement):
            self.roles.setdefault(role, statement.place)
        words = statement.words
        self.prelude = self.prelude and (words[0] == "DROP" or (words[0] == "ALTER" and "DROP" in words))
        self.loadables.append(Loadable(statement, text or statement.text, self.session, self.prelude, last))


def _read(reader: _Reader, statement: SourceStatement) -> None:
    if statement.meta:
        _meta_command(statement)
        return
    first = statement.words[0] if statement.words else ""
    _HANDLERS.get(first, _Reader.load)(reader, statement)


def _meta_command(statement: SourceStatement) -> None:
    command = statement.text.split(None, 1)[0]
    if command not in {"\\restrict", "\\unrestrict"}:
        raise SourceError(
            f"the psql command {command} is not understood",
            place=statement.place,
            hint="Declared files hold SQL only; of psql's commands, only pg_dump's \\restrict lines may stand in them.",
        )


def _data(reader: _Reader, statement: SourceStatement) -> None:
    if reader.rules.data:
        reader.load(statement)
    elif reader.reference_data:
        reader.note(statement, f"reference data is not handled: {statement.excerpt}")
    elif not _is_record(statement):
        raise SourceError(f"{_first(statement)} is not part of a schema", place=statement.place, hint=_DATA_HINT)


def _is_record(statement: SourceStatement) -> bool:
    """What Rails, Ecto and dbmate write behind the schema that they dump: which migrations made it."""
    name, _ = name_at(statement.head, 2)
    return _first(statement) == "INSERT" and bool(name) and is_history(name[-1])


def _select(reader: _Reader, statement: SourceStatement) -> None:
    """pg_dump's two calls: set_config is a setting, setval is data of a sequence that nobody declares."""
    name, position = name_at(statement.head, 1)
    if name[-1:] == ("set_config",):
        reader.session = reader.session.after_set_config(statement, position)
    elif name[-1:] != ("setval",):
        _data(reader, statement)


def _set(reader: _Reader, statement: SourceStatement) -> None:
    words = set(statement.words[1:3])
    if {"AUTHORIZATION", "ROLE"} & words:
        if reader.rules.owners:
            if is_role(statement.tokens[-1]):
                reader.roles.setdefault(statement.tokens[-1].name, statement.place)
            reader.session = reader.session.after_role(statement)
    elif not {"TRANSACTION", "CHARACTERISTICS", "CONSTRAINTS"} & words:
        reader.session = reader.session.after_set(statement)


def _reset(reader: _Reader, statement: SourceStatement) -> None:
    if statement.words[1:2] not in {("ROLE",), ("SESSION",)} or reader.rules.owners:
        reader.session = reader.session.after_reset(statement)


def _transaction(reader: _Reader, statement: SourceStatement) -> None:
    if _first(statement) in {"COMMIT", "END"}:
        reader.session = reader.session.after_transaction()


def _undo(reader: _Reader, statement: SourceStatement) -> None:
    raise SourceError(
        f"{_first(statement)} in a declaration",
        place=statement.place,
        hint="Declared files are loaded as a whole, in any order; remove the statement.",
    )


def _maintenance(reader: _Reader, statement: SourceStatement) -> None:
    reader.note(statement, f"{_first(statement)} is not part of a schema and not executed")


def _cluster(reader: _Reader, statement: SourceStatement) -> None:
    """With an index it sorts the rows by it, and says that the table is to stay so: ``CLUSTER ON``."""
    if {"USING", "ON"} & {token.upper for token in statement.tokens}:
        reader.load(statement)
    else:
        _maintenance(reader, statement)


def _create(reader: _Reader, statement: SourceStatement) -> None:
    words = statement.words
    what = words[1:2][0] if len(words) > 1 else ""
    if what in _ROLE_WORDS and words[2:3] != ("MAPPING",):
        if len(statement.head) > 2:
            reader.created_roles.setdefault(statement.head[2].name, statement.place)
    elif what in _SERVER_WORDS:
        raise _concerns_server(statement, f"CREATE {what}")
    elif {"TEMP", "TEMPORARY"} & set(words[1:5]):
        raise SourceError(
            "a temporary object is not part of a schema", place=statement.place, hint="Remove the statement."
        )
    elif what == "SUBSCRIPTION":
        reader.note(statement, "subscriptions are not modelled and not created")
    else:
        reader.load(statement, _without_concurrently(statement), last=what == "EVENT")


def _alter(reader: _Reader, statement: SourceStatement) -> None:
    words = statement.words
    what = words[1] if len(words) > 1 else ""
    if what in _ROLE_WORDS and words[2:3] != ("MAPPING",):
        reader.note(statement, "roles are known by name only; ALTER ROLE is not executed")
    elif what in _SERVER_WORDS or what == "SUBSCRIPTION":
        reader.note(statement, f"ALTER {what} is not modelled and not executed")
    elif reader.rules.owners or not sets_owner(statement):
        reader.load(statement, last=what == "EVENT")


def _drop(reader: _Reader, statement: SourceStatement) -> None:
    words = statement.words
    what = words[1] if len(words) > 1 else ""
    if what == "OWNED":
        raise SourceError("DROP OWNED in a declaration", place=statement.place, hint="Remove the statement.")
    if what in _ROLE_WORDS | _SERVER_WORDS | {"SUBSCRIPTION"} and words[2:3] != ("MAPPING",):
        reader.note(statement, f"DROP {what} is not executed")
    else:
        reader.load(statement, _without_concurrently(statement), last=what == "EVENT")


def _comment(reader: _Reader, statement: SourceStatement) -> None:
    about = statement.words[2] if len(statement.words) > 2 else ""
    if about in _SERVER_WORDS | _ROLE_WORDS | {"SUBSCRIPTION"}:
        reader.note(statement, f"COMMENT ON {about} is not modelled and not executed")
    else:
        reader.load(statement, last=about == "EVENT")


def _privileges(reader: _Reader, statement: SourceStatement) -> None:
    words = [token.upper for token in statement.tokens]
    if "ON" not in words:
        reader.note(statement, "role memberships are not managed")
        return
    about = words[words.index("ON") + 1 :][:1]
    if set(about) & (_SERVER_WORDS | {"PARAMETER", "LARGE"}):
        reader.note(statement, f"privileges on a {about[0].lower()} are not modelled and not executed")
    elif reader.rules.grants:
        reader.load(statement)


def _do(reader: _Reader, statement: SourceStatement) -> None:
    body = do_block.body_of(statement)
    if do_block.manages_roles(body):
        for name in do_block.created_roles(body):
            reader.created_roles.setdefault(name, statement.place)
        reader.note(statement, "a DO block that manages roles is not executed")
    elif do_block.manages_server(body):
        raise _concerns_server(statement, "a DO block")
    elif not reader.rules.data and (command := do_block.data_command(body)) is not None:
        _block_with_data(reader, statement, command)
    else:
        reader.load(statement)


def _block_with_data(reader: _Reader, statement: SourceStatement, command: str) -> None:
    if not reader.reference_data:
        raise SourceError(f"a DO block changes data ({command})", place=statement.place, hint=_DATA_HINT)
    reader.note(statement, f"reference data is not handled: {statement.excerpt}")


def _label(reader: _Reader, statement: SourceStatement) -> None:
    reader.note(statement, "security labels are not modelled and not executed")


def _import(reader: _Reader, statement: SourceStatement) -> None:
    raise SourceError(
        "IMPORT FOREIGN SCHEMA asks another server and declares nothing by itself",
        place=statement.place,
        hint="Declare the foreign tables; `migplan inspect` prints those of a database.",
    )


def _reassign(reader: _Reader, statement: SourceStatement) -> None:
    raise SourceError(
        "REASSIGN OWNED in a declaration", place=statement.place, hint="Write ALTER … OWNER TO for each object."
    )


def _concerns_server(statement: SourceStatement, what: str) -> SourceError:
    return SourceError(
        f"{what} concerns the whole server", place=statement.place, hint="A declaration describes one database."
    )


def _without_concurrently(statement: SourceStatement) -> str:
    """CONCURRENTLY makes no other index, and PostgreSQL refuses it among other statements."""
    if "INDEX" not in statement.words[:3]:
        return statement.text
    for token in statement.head[:4]:
        if token.upper == "CONCURRENTLY":
            return statement.text[: token.offset] + " " * len(token.text) + statement.text[token.end :]
    return statement.text


def _first(statement: SourceStatement) -> str:
    return statement.words[0]


_Handler = Callable[[_Reader, SourceStatement], None]
_HANDLERS: Final[dict[str, _Handler]] = {
    "SET": _set,
    "RESET": _reset,
    "SELECT": _select,
    "CREATE": _create,
    "ALTER": _alter,
    "DROP": _drop,
    "COMMENT": _comment,
    "SECURITY": _label,
    "IMPORT": _import,
    "REASSIGN": _reassign,
    "GRANT": _privileges,
    "REVOKE": _privileges,
    "DO": _do,
    "CLUSTER": _cluster,
    **dict.fromkeys(_DATA - {"SELECT"}, _data),
    **dict.fromkeys(_MAINTENANCE, _maintenance),
    **dict.fromkeys(_UNDO, _undo),
    **dict.fromkeys(("BEGIN", "START", "COMMIT", "END"), _transaction),
}
