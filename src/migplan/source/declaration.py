"""Loading declared files into a scratch database, and reading what came of them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence, Set

from migplan.core.model import Catalog
from migplan.kinds.extension import pin_versions
from migplan.source.connect import Connection
from migplan.source.declared import Declared, Wanted
from migplan.source.reading.introspect import Scope, introspect
from migplan.source.reading.managed import Managed, mentioned_schemas
from migplan.source.shadow.load import load
from migplan.source.shadow.shadow import SetUp, Shadow, read_setup
from migplan.source.text.directives import check_targets, read_directives
from migplan.source.text.files import SourceText
from migplan.source.text.psqlfile import Note, PsqlFile, ReadingRules, read_file
from migplan.source.text.targets import target_of


def load_declaration(
    texts: Sequence[SourceText],
    digest: str,
    shadow: Shadow,
    wanted: Wanted,
    foretell: Callable[[Scope], object] | None = None,
) -> Declared:
    """The catalog of these files; ``digest`` is theirs, and ``foretell`` is told the scope that it will most likely
    have before they are loaded. Raises like ``declared_catalog``."""
    rules = ReadingRules(owners=wanted.owners, grants=wanted.grants)
    files = [read_file(text, rules) for text in texts]
    directives = read_directives(files)
    shadow.ensure_roles(files)
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        set_up = read_setup(connection, shadow)
        mentioned = {schema for file in files for schema in (*file.search_paths, *_target_schemas(file))}
        if foretell is not None:
            foretell(_managed(mentioned | _default_schemas(files), set_up, wanted).scope)
        notes = load(connection, files)
        everything = introspect(connection, Scope(without=set_up.schemas | wanted.without))
        managed = _managed(mentioned | _made_schemas(everything), set_up, wanted)
        catalog = managed.of(_within(everything, managed.scope, connection))
    catalog = pin_versions(catalog, _pinned(files))
    return Declared(
        catalog=catalog,
        directives=check_targets(directives, catalog),
        digest=digest,
        managed=managed,
        roles=_roles(files),
        notes=(*(note for file in files for note in file.notes), *notes, *_outside(files, set_up, managed)),
    )


def _roles(files: Iterable[PsqlFile]) -> dict[str, str]:
    """Where each role is named first."""
    found: dict[str, str] = {}
    for file in files:
        for role, place in file.roles.items():
            found.setdefault(role, place)
    return found


def _within(everything: Catalog, scope: Scope, connection: Connection) -> Catalog:
    """The catalog of the managed schemas: what was read already, where nothing lies outside of them."""
    found = {id.path[0] for id in everything.objects if id.kind == "schema"}
    return everything if all(name in scope for name in found) else introspect(connection, scope)


def _managed(schemas: Set[str], set_up: SetUp, wanted: Wanted) -> Managed:
    """The managed schemas: those that migplan.toml names, else ``schemas``, or ``public`` where there are none."""
    chosen = wanted.schemas
    if chosen is None:
        chosen = mentioned_schemas(schemas) - set_up.schemas or frozenset({"public"})
    scope = Scope(chosen, without=set_up.schemas | wanted.without)
    return Managed(scope, set_up.objects, wanted.ignore)


def _made_schemas(everything: Catalog) -> set[str]:
    """The schemas that the files have created; ``public`` where something lies in it."""
    made = {id.path[0] for id in everything.objects if id.kind == "schema" and id.path[0] != "public"}
    if any(len(id.path) > 1 and id.path[0] == "public" for id in everything.objects):
        made.add("public")
    return made


def _default_schemas(files: Iterable[PsqlFile]) -> set[str]:
    """Where objects come to lie whose names are written without a schema."""
    targets = ((target_of(x.statement.head, x.session.schema), x) for file in files for x in file.loadables)
    return {x.session.schema for t, x in targets if t is not None and len(t.id.path) > 1 and not t.qualified}


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
