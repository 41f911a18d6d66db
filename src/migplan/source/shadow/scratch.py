"""Scratch databases: uniquely named, marked, dropped whatever happens, swept when their holder died.

While a scratch database is in use, its holder keeps a session on the maintenance database with an advisory lock
derived from the name. A marked database whose lock nobody holds was left behind by a killed process.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import zlib
from collections.abc import Generator
from datetime import UTC, datetime
from typing import Final

import psycopg
from psycopg import sql

from migplan.core.errors import ShadowError
from migplan.core.records import record
from migplan.source.connect import Connection, connect, with_database

PREFIX: Final = "migplan_shadow_"
_LOCK_CLASS: Final = 0x6D69_6770  # "migp"

_ABANDONED: Final = """
SELECT d.datname
FROM pg_database d
WHERE d.datname ~ '^migplan_shadow_[0-9a-f]{12}$'
  AND pg_has_role(d.datdba, 'USAGE')
  AND coalesce(shobj_description(d.oid, 'pg_database'), '{"migplan"') LIKE '{"migplan"%'
"""
_LOCALE: Final = sql.SQL("""
SELECT pg_encoding_to_char(encoding), datcollate::text, datctype::text, {}, {}
FROM pg_database WHERE datname = current_database()
""")
_PROVIDERS: Final = {"c": "libc", "i": "icu", "b": "builtin"}
_OPTIONS: Final = {
    "icu": sql.SQL(" LOCALE_PROVIDER icu ICU_LOCALE {}"),
    "builtin": sql.SQL(" LOCALE_PROVIDER builtin BUILTIN_LOCALE {}"),
}
_HELD: Final = "SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2"


@record
class Locale:
    """Encoding and locale of a database, as CREATE DATABASE takes them; ``provider`` is libc, icu or builtin."""

    encoding: str
    collate: str
    ctype: str
    provider: str = "libc"
    locale: str | None = None


@record
class ScratchDatabase:
    """One scratch database: its ``name`` and the connection string that leads into it."""

    name: str
    url: str

    def connect(self) -> Connection:
        """An autocommit connection into it."""
        return connect(self.url, error=ShadowError, what="the shadow database", patient=True)


@contextlib.contextmanager
def scratch_database(
    server: str, locale: Locale | None = None, template: str = "template0", time_zone: str | None = None
) -> Generator[ScratchDatabase]:
    """A new database on ``server`` (a connection string of a maintenance database), dropped at the end. Times without
    a zone mean what they mean in ``time_zone``, else in the server's own.

    Raises ``ShadowError`` when the role may not create one.
    """
    with contextlib.closing(connect(server, error=ShadowError, what="the shadow server", patient=True)) as maintenance:
        name = PREFIX + secrets.token_hex(6)
        maintenance.execute("SELECT pg_advisory_lock(%s, %s)", [_LOCK_CLASS, _key(name)])
        try:
            _create(maintenance, name, locale, template)
            if time_zone is not None:
                zone = sql.SQL("ALTER DATABASE {} SET timezone = {}")
                maintenance.execute(zone.format(sql.Identifier(name), sql.Literal(time_zone)))
            yield ScratchDatabase(name, with_database(server, name))
        finally:
            _drop(maintenance, server, name)


def sweep(maintenance: Connection) -> list[str]:
    """Drops the scratch databases that no living process holds; returns their names."""
    names = [name for (name,) in maintenance.execute(_ABANDONED).fetchall()]
    if not names:
        return []
    held = {key for (key,) in maintenance.execute(_HELD, [_LOCK_CLASS]).fetchall()}
    abandoned = [name for name in names if _key(name) & 0xFFFF_FFFF not in held]
    dropped: list[str] = []
    for name in abandoned:
        with contextlib.suppress(psycopg.Error):  # another process may sweep at the same time
            maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
            dropped.append(name)
    return dropped


def locale_of(connection: Connection) -> Locale:
    """The locale of the connected database."""
    major = connection.info.server_version // 10000
    provider = sql.SQL("datlocprovider::text" if major >= 15 else "'c'")
    column = sql.SQL("datlocale::text" if major >= 17 else "daticulocale::text" if major >= 15 else "NULL")
    row = connection.execute(_LOCALE.format(provider, column)).fetchone()
    if row is None:  # pragma: no cover - the connected database is in pg_database
        raise ShadowError("the target database is not in pg_database")
    return Locale(row[0], row[1], row[2], _PROVIDERS[row[3]], row[4])


def time_zone_of(connection: Connection) -> str:
    """The time zone in which the session takes times that say none."""
    row = connection.execute("SELECT current_setting('TimeZone')").fetchone()
    assert row is not None
    return str(row[0])


def _create(maintenance: Connection, name: str, locale: Locale | None, template: str) -> None:
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    try:
        maintenance.execute(command + _locale_clause(locale, maintenance.info.server_version // 10000))
    except psycopg.errors.InsufficientPrivilege as error:
        raise ShadowError(
            f"the role {maintenance.info.user!r} may not create a scratch database",
            hint=f"ALTER ROLE {maintenance.info.user} CREATEDB; or name a server in migplan.toml ([shadow] url = …).",
        ) from error
    except psycopg.Error as error:
        raise ShadowError(f"can't create a scratch database: {error.diag.message_primary or error}") from error
    maintenance.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(name), sql.Literal(_mark())))


def _locale_clause(locale: Locale | None, major: int) -> sql.Composable:
    if locale is None:
        return sql.SQL("")
    clause = sql.SQL(" ENCODING {} LC_COLLATE {} LC_CTYPE {}").format(
        sql.Literal(locale.encoding), sql.Literal(locale.collate), sql.Literal(locale.ctype)
    )
    if locale.provider == "libc" or locale.locale is None:
        return clause
    return clause + _OPTIONS[locale.provider].format(sql.Literal(locale.locale))


def _drop(maintenance: Connection, server: str, name: str) -> None:
    """Also when the holder's own session is gone; a server that is gone too is swept at the next start."""
    command = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    try:
        maintenance.execute(command)
    except psycopg.Error:
        with (
            contextlib.suppress(psycopg.Error, ShadowError),
            contextlib.closing(connect(server, error=ShadowError, patient=True)) as again,
        ):
            again.execute(command)


def _mark() -> str:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return json.dumps({"migplan": "shadow", "created": now, "host": platform.node(), "pid": os.getpid()})


def _key(name: str) -> int:
    """A signed 32-bit number of the name, as pg_advisory_lock takes it."""
    number = zlib.crc32(name.encode())
    return number - 0x1_0000_0000 if number >= 0x8000_0000 else number
