"""Scratch copies of the schema that migrations are written for: a database's, that of files, or an empty one."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Mapping, Sequence
from dataclasses import field, replace

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, TableSize
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.lint.reading import Migration
from migplan.prove.rebuilt import rebuild_live
from migplan.source.catalog_roles import roles_of
from migplan.source.connect import connect
from migplan.source.reading.introspect import introspect
from migplan.source.reading.live import introspect_live
from migplan.source.reading.managed import Managed
from migplan.source.reading.sizes import probe
from migplan.source.shadow.load import load
from migplan.source.shadow.scratch import ScratchDatabase
from migplan.source.shadow.shadow import Shadow
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import PsqlFile, ReadingRules, read_file
from migplan.source.text.role_names import role_names


@record(slots=False)
class Copies:
    """Where copies come from: ``live`` is the target's catalog, ``files`` are loaded instead where there is none.

    ``target`` is its connection string.
    """

    shadow: Shadow
    managed: Managed
    settings: Settings
    live: Catalog | None = None
    target: str | None = None
    files: tuple[PsqlFile, ...] = field(default=())

    @contextlib.contextmanager
    def one(self) -> Generator[ScratchDatabase]:
        """A scratch database with the schema in it, dropped at the end."""
        with self.shadow.scratch() as database:
            with contextlib.closing(database.connect()) as connection:
                if self.live is not None:
                    rebuild_live(self.live, connection, managed=self.managed, settings=self.settings)
                load(connection, self.files)
            yield database

    def read(self, database: ScratchDatabase) -> Catalog:
        """The schema of a copy; it knows no sizes."""
        with contextlib.closing(database.connect()) as connection:
            return self.managed.of(introspect(connection, self.managed.scope)).with_sizes({})

    def sizes(self, touched: frozenset[str]) -> Mapping[ObjectId, TableSize]:
        """What the target knows of its tables; those of ``touched`` (``schema.name``) are looked at more closely."""
        if self.live is None or self.target is None:
            return {}
        ids = {id for id in self.live.sizes if ".".join(id.path) in touched}
        with contextlib.closing(connect(self.target)) as connection:
            return probe(connection, self.live, ids, self.settings.small_rows).sizes


def copies_of_target(target: str, shadow: Shadow, managed: Managed, settings: Settings) -> Copies:
    """Copies of a live database's schema. Raises like the reading of it."""
    with contextlib.closing(connect(target)) as connection:
        live = managed.of(introspect_live(connection, managed.scope))
    shadow = shadow.needing({}, roles_of(live, owners=settings.owners))
    return Copies(shadow, managed, settings, live, target)


def copies_of_files(texts: Sequence[SourceText], shadow: Shadow, managed: Managed, settings: Settings) -> Copies:
    """Copies of what files make of an empty database. Raises ``SourceError`` with the place of what they can't hold."""
    files = tuple(read_file(text, ReadingRules(grants=settings.grants, data=True)) for text in texts)
    return Copies(shadow, managed, settings, files=files)


def with_roles_of(copies: Copies, migrations: Sequence[Migration]) -> Copies:
    """The same, where every role exists that the migrations name."""
    named = {role: s.place for m in migrations for s in m.statements for role in role_names(s)}
    of_files = {role: place for file in copies.files for role, place in file.roles.items()}
    return replace(copies, shadow=copies.shadow.needing({**of_files, **named}, copies.shadow.roles))
