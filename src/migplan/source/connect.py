"""Connecting to PostgreSQL: clear errors, no password in any of them, supported versions only."""

from __future__ import annotations

import os
import re
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migplan.core.errors import MigplanError, TargetError

Connection = psycopg.Connection[tuple[Any, ...]]

APPLICATION_NAME: Final = "migplan"
OLDEST, NEWEST = 14, 18
_CONNECT_TIMEOUT: Final = 30
_ALIVE: Final = {"keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 60_000}
"""A network that goes without a word is noticed in a minute, and no firewall forgets who waits for a long statement."""
_PATIENCE: Final = (
    "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c idle_session_timeout=0"
    " -c default_transaction_isolation=read\\ committed"
)
_URL_PASSWORD: Final = re.compile(r"(\w+://[^\s/@:]*:)[^\s]*(?=@)", re.I)
_KEY_PASSWORD: Final = re.compile(r"((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.I)


def connect(
    target: str, *, error: type[MigplanError] = TargetError, what: str = "the target", patient: bool = False
) -> Connection:
    """An autocommit connection to ``target``, a libpq URL or conninfo string; "" leaves all to libpq's variables.
    A ``patient`` one is ended by no timeout that the role or database has by default, also after RESET ALL.

    Raises ``error`` (a ``TargetError`` by default) when there is no server, password or database, or when the
    server is older than 14 or newer than 18.
    """
    try:
        connection = _opened(_complete(target, error), patient=patient)
    except psycopg.Error as failure:
        reason = redact(str(failure)).strip()
        hint = _hint(reason) if target else _NO_TARGET
        raise error(f"can't connect to {what} ({describe(target)}): {reason}", hint=hint) from None
    major = connection.info.server_version // 10000
    if not OLDEST <= major <= NEWEST:
        connection.close()
        raise error(
            f"{what} ({describe(target)}) is PostgreSQL {major}, which is not supported",
            hint=f"migplan works with PostgreSQL {OLDEST} to {NEWEST}.",
        )
    return connection


def _opened(complete: str, *, patient: bool) -> Connection:
    if patient:
        said = str(conninfo_to_dict(complete).get("options") or os.environ.get("PGOPTIONS", ""))
        try:
            return psycopg.connect(
                complete, autocommit=True, client_encoding="utf8", options=f"{_PATIENCE} {said}".rstrip()
            )
        except psycopg.OperationalError as failure:
            if "startup parameter" not in str(failure):  # which poolers know few of
                raise
    return psycopg.connect(complete, autocommit=True, client_encoding="utf8")


def backend_pid(connection: Connection) -> int:
    """The server's process of an idle session. What libpq was told may be a number of a pooler's own."""
    row = connection.execute("SELECT pg_catalog.pg_backend_pid()").fetchone()
    assert row is not None
    return int(row[0])


def with_database(target: str, database: str) -> str:
    """The same server, another database."""
    return make_conninfo(target, dbname=database)


def redact(text: str) -> str:
    """``text`` with the passwords of every URL and conninfo string in it replaced by ``***``."""
    return _KEY_PASSWORD.sub(r"\1***", _URL_PASSWORD.sub(r"\1***", text))


def describe(target: str) -> str:
    """A target for messages: user, host, port and database, never a password."""
    try:
        parts = conninfo_to_dict(target)
    except psycopg.Error:
        return _shown(target)
    words = [f"{key}={parts[key]}" for key in ("service", "host", "port", "dbname", "user") if parts.get(key)]
    return " ".join(words) or "libpq's defaults"


def _complete(target: str, error: type[MigplanError]) -> str:
    _refuse_bare_at_signs(target, error)
    try:
        given = conninfo_to_dict(target)
    except psycopg.Error as failure:
        reason = _QUOTED.sub("…", str(failure)).strip()  # libpq quotes what may be a piece of the password
        raise error(f"{_shown(target)!r} is not a connection string: {reason}", hint=_FORM) from None
    defaults = {"application_name": APPLICATION_NAME, "connect_timeout": _CONNECT_TIMEOUT, **_ALIVE}
    return make_conninfo(target, **{k: v for k, v in defaults.items() if k not in given})


def _shown(malformed: str) -> str:
    """What can't be parsed, without anything of it that may be a password."""
    if "://" in malformed:
        return redact(malformed)
    found = _UP_TO_SECRET.match(malformed)
    return malformed if found is None else f"{found[0]}…"


def _refuse_bare_at_signs(target: str, error: type[MigplanError]) -> None:
    """libpq reads a password up to its first ``@`` or ``/``, and would show the rest as a host or database."""
    _, mark, rest = target.partition("://")
    place = rest.partition("?")[0] if mark else ""
    if place.count("@") > 1 or "@" in place.partition("/")[2]:
        raise error(f"{redact(target)!r} has an @ that is not the one before the host", hint=_ENCODE)


def _hint(message: str) -> str:
    return next(hint for pattern, hint in _HINTS if re.search(pattern, message))


_UP_TO_SECRET: Final = re.compile(r".*?password(?=\s*=)|[^=]*?:", re.I | re.S)
_QUOTED: Final = re.compile(r'"[^"]*"')
_FORM: Final = "Write postgresql://user@host:port/database, or key=value pairs."
_ENCODE: Final = (
    "In a URL, @ : / ? # % and blanks of a user, password or database are written %40 %3A %2F %3F %23 %25 %20; "
    "or leave the password to PGPASSWORD or ~/.pgpass."
)
_NO_TARGET: Final = (
    "Say --target URL, set MIGPLAN_TARGET_URL or libpq's variables (PGHOST, PGSERVICE, …), or name a target in "
    "migplan.toml."
)
_HINTS: Final = (
    (
        "password authentication failed|no password supplied",
        "Check the user and the password (PGPASSWORD, ~/.pgpass or the URL).",
    ),
    ('database ".*" does not exist', "Check the database's name; migplan doesn't create the target database."),
    ('role ".*" does not exist', "Check the user's name."),
    ("definition of service|service file", "Check PGSERVICE, and ~/.pg_service.conf or PGSERVICEFILE."),
    (
        "pg_hba.conf|SSL",
        "Check with the server's administrator how this user may connect from here (pg_hba.conf, sslmode).",
    ),
    (
        "permission denied for database|not permitted to log in",
        "Check that the role may log in and connect to this database.",
    ),
    ("too many|remaining connection slots", "Wait, or free connections: migplan needs up to four."),
    ("starting up|shutting down|recovery", "Wait until the server is ready, then run it again."),
    ("", "Check host and port, and that the server accepts connections from here."),
)
"""What libpq says, and what to do about it; the last one fits everything."""
