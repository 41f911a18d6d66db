"""The declared side: files, folders, dumps or a database, as a catalog with directives."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from migplan.core.directives import Directives
from migplan.core.errors import SourceError
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.source import cache
from migplan.source.connect import connect
from migplan.source.reading.introspect import Scope
from migplan.source.reading.live import introspect_live
from migplan.source.reading.managed import Managed
from migplan.source.shadow.shadow import Shadow
from migplan.source.text.files import SourceText, digest_of, read_sources

if TYPE_CHECKING:
    from migplan.source.text.psqlfile import Note

_URL_SCHEMES = ("postgresql://", "postgres://")


@record
class Wanted:
    """What migplan.toml says of the declared side.

    ``schemas`` are the managed ones, or None for those that the declaration creates or mentions. ``ignore`` are
    patterns of objects that are left alone (see :class:`~migplan.source.reading.managed.Managed`).
    """

    schemas: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    ignore: tuple[str, ...] = ()
    owners: bool = False
    grants: bool = True


@record
class Declared:
    """A declaration, loaded and read.

    ``managed`` must be applied to the live side too: its scope says which schemas to read there. ``digest`` (sha256,
    hex) is of the declaration's contents. ``roles`` are those that it names, with the place. ``notes`` say what of the
    files is not part of a schema and was left alone.
    """

    catalog: Catalog
    directives: Directives
    digest: str
    managed: Managed
    roles: Mapping[str, str]
    notes: tuple[Note, ...]
    cached: bool = False

    @property
    def scope(self) -> Scope:
        """The schemas to read on the live side."""
        return self.managed.scope


def declared_catalog(
    source: str | Path | Sequence[str | Path | SourceText],
    shadow: Shadow,
    wanted: Wanted | None = None,
    *,
    use_cache: bool = True,
    foretell: Callable[[Scope], object] | None = None,
) -> Declared:
    """The catalog of a declaration: files, folders and texts, loaded into a scratch database, or a database's URL.

    ``foretell`` is told its likely scope before files are loaded. Raises ``SourceError`` for what can't be read or
    loaded, ``DirectiveError`` for a directive that is unknown, malformed or matches nothing, ``ShadowError`` for roles
    and extensions that the shadow lacks.
    """
    wanted = wanted or Wanted()
    if is_url(source):
        return _of_database(str(source), wanted)
    texts = source_texts(source)
    digest = digest_of(texts)
    key = _cache_key(texts, digest, shadow, wanted)
    if use_cache and (found := cache.read(key, Declared)) is not None:
        return replace(found, cached=True)
    from migplan.source.declaration import load_declaration  # mostly not needed, and slow to import

    declared = load_declaration(texts, digest, shadow, wanted, foretell)
    if use_cache:
        cache.write(key, declared, head=declared.scope)
    return declared


def known_scope(texts: Sequence[SourceText], shadow: Shadow, wanted: Wanted) -> Scope | None:
    """The scope of a declaration that is in the cache, long before all of it is there; None for a new one."""
    return cache.read_head(_cache_key(texts, digest_of(texts), shadow, wanted), Scope)


def source_texts(source: str | Path | Sequence[str | Path | SourceText]) -> list[SourceText]:
    """The files of a declaration that is no database; raises like ``declared_catalog``."""
    return read_sources([source] if isinstance(source, (str, Path)) else _paths(source))


def _paths(sources: Sequence[str | Path | SourceText]) -> Sequence[str | Path | SourceText]:
    if any(is_url(source) for source in sources):
        raise SourceError(
            "a database as the declared side stands alone, and other sources were named beside it",
            hint="Name one database's URL, or files and folders.",
        )
    return sources


def is_url(source: object) -> bool:
    """Whether a source is a database's URL and not a path."""
    return isinstance(source, str) and source.startswith(_URL_SCHEMES)


def _cache_key(texts: Iterable[SourceText], digest: str, shadow: Shadow, wanted: Wanted) -> str:
    """Names of files count, for notes and directives carry them."""
    set_up = digest_of(file.split.source for file in shadow.setup)
    schemas = None if wanted.schemas is None else sorted(wanted.schemas)
    rules = (schemas, sorted(wanted.without), wanted.ignore, wanted.owners, wanted.grants)
    return cache.key(
        digest, [text.name for text in texts], set_up, shadow.major, shadow.locale, shadow.time_zone, rules
    )


def _of_database(url: str, wanted: Wanted) -> Declared:
    with contextlib.closing(connect(url, error=SourceError, what="the declared database")) as connection:
        everything = introspect_live(connection, Scope(wanted.schemas, wanted.without))
    schemas = wanted.schemas or frozenset(id.path[0] for id in everything.objects if id.kind == "schema")
    managed = Managed(Scope(schemas, wanted.without), patterns=wanted.ignore)
    catalog = managed.of(everything)
    return Declared(catalog, Directives(), catalog.fingerprint, managed, {}, ())
