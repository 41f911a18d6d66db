"""The declared side: files, folders, dumps or a database, as a catalog with directives."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from migplan.core.directives import Directives
from migplan.core.errors import SourceError
from migplan.core.model import Catalog
from migplan.kinds.extension import pin_versions
from migplan.source import cache
from migplan.source.connect import Connection, connect
from migplan.source.directives import check_targets, read_directives
from migplan.source.introspect import Scope, introspect
from migplan.source.live import introspect_live
from migplan.source.load import load
from migplan.source.managed import Managed, mentioned_schemas
from migplan.source.psqlfile import Note, PsqlFile, ReadingRules, read_file
from migplan.source.shadow import SetUp, Shadow, read_setup
from migplan.source.split import SourceText
from migplan.source.targets import target_of

_URL_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What migplan.toml says of the declared side.

    ``schemas`` are the managed ones, or None for those that the declaration creates or mentions. ``ignore`` are
    patterns of objects that are left alone (see :class:`~migplan.source.managed.Managed`).
    """

    schemas: frozenset[str] | None = None
    without: frozenset[str] = frozenset()
    ignore: tuple[str, ...] = ()
    owners: bool = False
    grants: bool = True


@dataclass(frozen=True, slots=True)
class Declared:
    """A declaration, loaded and read.

    ``managed`` must be applied to the live side too: its scope says which schemas to read there. ``digest`` (sha256,
    hex) is of the declaration's contents. ``roles`` are those that it names. ``notes`` say what of the files is not
    part of a schema and was left alone.
    """

    catalog: Catalog
    directives: Directives
    digest: str
    managed: Managed
    roles: frozenset[str]
    notes: tuple[Note, ...]
    cached: bool = False

    @property
    def scope(self) -> Scope:
        """The schemas to read on the live side."""
        return self.managed.scope


def declared_catalog(
    source: str | Path | Sequence[str | Path], shadow: Shadow, wanted: Wanted | None = None, *, use_cache: bool = True
) -> Declared:
    """The catalog of a declaration: files and folders, loaded into a scratch database, or a database's URL.

    Raises ``SourceError`` for what can't be read or loaded, ``DirectiveError`` for a directive that is unknown,
    malformed or matches nothing, ``ShadowError`` for roles and extensions that the shadow lacks.
    """
    wanted = wanted or Wanted()
    if is_url(source):
        return _of_database(str(source), wanted)
    texts = read_sources([source] if isinstance(source, (str, Path)) else _paths(source))
    digest = digest_of(texts)
    key = _cache_key(texts, digest, shadow, wanted)
    if use_cache and (found := cache.read(key, Declared)) is not None:
        return replace(found, cached=True)
    declared = _load(texts, digest, shadow, wanted)
    if use_cache:
        cache.write(key, declared)
    return declared


def _paths(sources: Sequence[str | Path]) -> Sequence[str | Path]:
    if any(is_url(source) for source in sources):
        raise SourceError(
            "a database as the declared side stands alone, and other sources were named beside it",
            hint="Name one database's URL, or files and folders.",
        )
    return sources


def is_url(source: object) -> bool:
    """Whether a source is a database's URL and not a path."""
    return isinstance(source, str) and source.startswith(_URL_SCHEMES)


def read_sources(paths: Iterable[str | Path]) -> list[SourceText]:
    """The SQL files of the paths; folders are read recursively, in order of name.

    Raises ``SourceError`` for a path that isn't there, a folder without SQL files and a file that isn't UTF-8 text.
    """
    texts = [SourceText(str(file), _text(file)) for path in paths for file in _files(Path(path))]
    if not texts:
        raise SourceError("no files are declared", hint='Name them in migplan.toml: schema = "schemas"')
    return texts


def digest_of(texts: Iterable[SourceText]) -> str:
    """A digest (sha256, hex) of the files' contents, in their order."""
    digest = hashlib.sha256()
    for text in texts:
        content = text.text.encode()
        digest.update(b"%d\n" % len(content))
        digest.update(content)
    return digest.hexdigest()


def _cache_key(texts: Iterable[SourceText], digest: str, shadow: Shadow, wanted: Wanted) -> str:
    """Names of files count, for notes and directives carry them."""
    set_up = digest_of(file.split.source for file in shadow.setup)
    schemas = None if wanted.schemas is None else sorted(wanted.schemas)
    rules = (schemas, sorted(wanted.without), wanted.ignore, wanted.owners, wanted.grants)
    return cache.key(digest, [text.name for text in texts], set_up, shadow.major, shadow.locale, rules)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    if not path.is_dir():
        raise SourceError(
            "there is no such file or folder",
            place=str(path),
            hint='Name the schema files: --schema PATH, or schema = ["PATH"] in migplan.toml; migplan init makes both.',
        )
    files = sorted(file for file in path.rglob("*.sql") if not file.is_dir() and not _is_hidden(file.relative_to(path)))
    if not files:
        raise SourceError(
            "the folder holds no .sql files", place=str(path), hint="Name the folder where the schema files lie."
        )
    return files


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _text(file: Path) -> str:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise SourceError(f"can't read the file: {error.strerror}", place=str(file)) from error
    if content.startswith(b"PGDMP"):
        raise SourceError(
            "this is an archive of pg_dump -Fc",
            place=str(file),
            hint=f"Make it SQL: pg_restore -s -f schema.sql {file}",
        )
    if (nul := content.find(b"\0")) >= 0:
        raise SourceError(
            "the file holds a zero byte: it is not text, or not UTF-8",
            place=f"{file}:{_line(content, nul)}",
            hint="Convert it to UTF-8.",
        )
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        place = f"{file}:{_line(content, error.start)}"
        raise SourceError("the file is not UTF-8 text", place=place, hint="Convert it to UTF-8.") from error


def _line(content: bytes, offset: int) -> int:
    return content.count(b"\n", 0, offset) + 1


def _load(texts: Sequence[SourceText], digest: str, shadow: Shadow, wanted: Wanted) -> Declared:
    rules = ReadingRules(owners=wanted.owners, grants=wanted.grants)
    files = [read_file(text, rules) for text in texts]
    directives = read_directives(files)
    shadow.ensure_roles({role: place for file in files for role, place in file.roles.items()})
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        set_up = read_setup(connection, shadow)
        notes = load(connection, files)
        everything = introspect(connection, Scope(without=set_up.schemas | wanted.without))
        managed = _managed(files, everything, set_up, wanted)
        catalog = managed.of(_within(everything, managed.scope, connection))
    catalog = pin_versions(catalog, _pinned(files))
    return Declared(
        catalog=catalog,
        directives=check_targets(directives, catalog),
        digest=digest,
        managed=managed,
        roles=frozenset(role for file in files for role in file.roles),
        notes=(*(note for file in files for note in file.notes), *notes, *_outside(files, set_up, managed)),
    )


def _within(everything: Catalog, scope: Scope, connection: Connection) -> Catalog:
    """The catalog of the managed schemas: what was read already, where nothing lies outside of them."""
    found = {id.path[0] for id in everything.objects if id.kind == "schema"}
    return everything if all(name in scope for name in found) else introspect(connection, scope)


def _managed(files: Iterable[PsqlFile], everything: Catalog, set_up: SetUp, wanted: Wanted) -> Managed:
    schemas = wanted.schemas
    if schemas is None:
        schemas = _schemas(files, everything) - set_up.schemas or frozenset({"public"})
    scope = Scope(schemas, without=set_up.schemas | wanted.without)
    return Managed(scope, set_up.objects, wanted.ignore)


def _schemas(files: Iterable[PsqlFile], everything: Catalog) -> frozenset[str]:
    """The schemas that the files create or mention; ``public`` where something lies in it or nothing else is there."""
    made = {id.path[0] for id in everything.objects if id.kind == "schema" and id.path[0] != "public"}
    if any(len(id.path) > 1 and id.path[0] == "public" for id in everything.objects):
        made.add("public")
    mentioned = {schema for file in files for schema in (*file.search_paths, *_target_schemas(file))}
    return mentioned_schemas(made | mentioned)


def _target_schemas(file: PsqlFile) -> Iterator[str]:
    for loadable in file.loadables:
        target = target_of(loadable.statement.head, loadable.session.schema)
        if target is not None and (target.id.kind == "schema" or (target.qualified and len(target.id.path) > 1)):
            yield target.id.path[0]


def _pinned(files: Iterable[PsqlFile]) -> Iterator[str]:
    """The extensions whose CREATE EXTENSION says VERSION."""
    for loadable in (x for file in files for x in file.loadables):
        statement = loadable.statement
        if statement.begins("CREATE", "EXTENSION") and "VERSION" in statement.words[3:]:
            target = target_of(statement.head, loadable.session.schema)
            if target is not None:
                yield target.id.path[0]


def _outside(files: Iterable[PsqlFile], set_up: SetUp, managed: Managed) -> Iterator[Note]:
    """Statements about objects that are not managed: loaded, because others may need them, and not compared."""
    for loadable in (x for file in files for x in file.loadables):
        target = target_of(loadable.statement.head, loadable.session.schema)
        if target is None:
            continue
        schema = target.id.path[0] if target.id.kind == "schema" or len(target.id.path) > 1 else None
        if target.id in set_up.objects or (schema is not None and schema not in managed.scope):
            yield Note(
                loadable.statement.place, f"{target.id} is not managed: loaded, but neither compared nor planned"
            )


def _of_database(url: str, wanted: Wanted) -> Declared:
    with contextlib.closing(connect(url, error=SourceError, what="the declared database")) as connection:
        everything = introspect_live(connection, Scope(wanted.schemas, wanted.without))
    schemas = wanted.schemas or frozenset(id.path[0] for id in everything.objects if id.kind == "schema")
    managed = Managed(Scope(schemas, wanted.without), patterns=wanted.ignore)
    catalog = managed.of(everything)
    return Declared(catalog, Directives(), catalog.fingerprint, managed, frozenset(), ())
