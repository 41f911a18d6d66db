"""Connecting to PostgreSQL: clear errors, no password in any of them, supported versions only."""

from __future__ import annotations

import re
from typing import Any, Final

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from migplan.core.errors import MigplanError, TargetError

Connection = psycopg.Connection[tuple[Any, ...]]

APPLICATION_NAME: Final = "migplan"
OLDEST, NEWEST = 14, 18
_CONNECT_TIMEOUT: Final = 10
_URL_PASSWORD: Final = re.compile(r"(postgres(?:ql)?://[^\s/?#@:]*:)[^\s/?#]*(?=@)", re.I)
_KEY_PASSWORD: Final = re.compile(r"((?:ssl)?password\s*=\s*)('(?:[^'\\]|\\.)*'|[^\s&]+)", re.I)


def connect(target: str, *, error: type[MigplanError] = TargetError, what: str = "the target") -> Connection:
    """An autocommit connection to ``target``, a libpq URL or conninfo string; "" leaves all to libpq's variables.

    Raises ``error`` (a ``TargetError`` by default) when there is no server, password or database, or when the
    server is older than 14 or newer than 18.
    """
    try:
        connection = psycopg.connect(_complete(target, error), autocommit=True, client_encoding="utf8")
    except psycopg.Error as failure:
        raise error(
            f"can't connect to {what} ({describe(target)}): {_reason(failure, target)}", hint=_hint(str(failure))
        ) from None
    major = connection.info.server_version // 10000
    if not OLDEST <= major <= NEWEST:
        connection.close()
        raise error(
            f"{what} ({describe(target)}) is PostgreSQL {major}, which is not supported",
            hint=f"migplan works with PostgreSQL {OLDEST} to {NEWEST}.",
        )
    return connection


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
        return redact(target)
    words = [f"{key}={parts[key]}" for key in ("service", "host", "port", "dbname", "user") if parts.get(key)]
    return " ".join(words) or "libpq's defaults"


def _complete(target: str, error: type[MigplanError]) -> str:
    try:
        given = conninfo_to_dict(target)
    except psycopg.Error as failure:
        raise error(
            f"{redact(target)!r} is not a connection string: {redact(str(failure)).strip()}",
            hint="Write postgresql://user@host:port/database, or key=value pairs.",
        ) from None
    defaults = {"application_name": APPLICATION_NAME, "connect_timeout": _CONNECT_TIMEOUT}
    return make_conninfo(target, **{k: v for k, v in defaults.items() if k not in given})


def _reason(failure: psycopg.Error, target: str) -> str:
    text = redact(str(failure)).strip()
    password = conninfo_to_dict(target).get("password")
    return text.replace(str(password), "***") if password else text


def _hint(message: str) -> str:
    if "password authentication failed" in message or "no password supplied" in message:
        return "Check the user and the password (PGPASSWORD, ~/.pgpass or the URL)."
    if "does not exist" in message and "database" in message:
        return "Check the database's name; migplan doesn't create the target database."
    if "does not exist" in message and "role" in message:
        return "Check the user's name."
    return "Check host and port, and that the server accepts connections from here."
