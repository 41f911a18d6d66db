"""What diff, plan and verify have in common: configuration, both sides, the shadow."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from migplan.cli.policy import policy_of
from migplan.core.changes import Change, Create, Drop
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, tables_above
from migplan.core.outsiders import Outsider
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.findings.policy import Policy
from migplan.source.catalog_roles import roles_of
from migplan.source.configuration.config import Config, read_config
from migplan.source.declared import (
    Declared,
    Wanted,
    declared_catalog,
    is_url,
    known_scope,
    source_texts,
)
from migplan.source.presets import ignored_by, read_setup_files
from migplan.source.reading.ahead import LiveReading, LiveReadings
from migplan.source.reading.introspect import Scope
from migplan.source.reading.managed import Managed, beside_setup
from migplan.source.reading.outsiders import outsiders
from migplan.source.reading.sizes import probe
from migplan.source.shadow.shadow import Shadow, choose_shadow
from migplan.source.text.files import SourceText

if TYPE_CHECKING:
    from migplan.planning.names.renames import Renamed
    from migplan.planning.plan import Draft


@record(slots=False)
class Inputs:
    """Both sides of a plan, comparable, and everything that decides how it is made.

    ``outsiders`` are what nobody manages and stands on an object of the live side. ``live`` is where it was read.
    """

    config: Config
    target: str
    live: LiveReading
    settings: Settings
    shadow: Shadow
    declared: Declared
    before: Catalog
    after: Catalog
    renamed: Renamed
    policy: Policy
    outsiders: Mapping[ObjectId, frozenset[Outsider]]

    def draft(self) -> Draft:
        """The plan from one side to the other."""
        return self._draft

    @cached_property
    def _draft(self) -> Draft:
        from migplan.planning.outsiders import with_outsiders
        from migplan.planning.stages import draft_in_stages

        drafted = draft_in_stages(self.before, self.after, self.declared.directives, self.settings, self.renamed)
        return with_outsiders(drafted, self.renamed.before, self.outsiders, self.renamed.aside)


def gather(
    target: str | None,
    schema: Sequence[str],
    *,
    config: Path | None,
    offline: bool,
    planning: bool = True,
    remembering: bool = False,
) -> Inputs:
    """Read the configuration, the declared and the live side.

    ``schema`` are paths or one URL; empty for what migplan.toml says. Without ``planning`` nobody is going to draft a
    plan of it. With ``remembering`` the live side counts as read where it is as it was at the last time. Raises the
    errors of each reading.
    """
    configuration = read_config(config)
    policy = policy_of(configuration)
    url = configuration.target_url(target)
    settings = configuration.settings(offline=offline)
    shadow = shadow_of(url, configuration)
    source, said = _source(schema, configuration), wanted(configuration)
    texts = () if is_url(source) else source_texts(source)
    known = known_scope(texts, shadow, said) if texts else None
    with LiveReadings(url, remembering=remembering) as readings:
        if known is not None:
            readings.begin(known)
        from migplan.planning.names.renamed_and_retyped import told_anew
        from migplan.prove.renamed import renamed_side, schemas_to_read  # while the live side is being read
        from migplan.strategies.registry import strategies

        strategies()  # their modules too
        declared = schemas_to_read(declared_catalog(texts or source, shadow, said, foretell=readings.begin))
        reading = readings.of(declared.scope)
    before, beside, shadow = _live(reading, declared, shadow, settings)
    after = declared.catalog
    _note_unknown_schemas(configuration, before, after)
    _note_emptiness(before, after)
    declared = replace(declared, directives=told_anew(declared.directives, before, after, settings))
    renamed = renamed_side(before, after, declared, shadow, settings)
    found = Inputs(configuration, url, reading, settings, shadow, declared, before, after, renamed, policy, beside)
    first = frozenset[ObjectId]()
    while planning and (more := found.draft().first - first):
        first |= more
        found = replace(found, renamed=renamed_side(before, after, declared, shadow, settings, first))
    return found


def shadow_of(target: str | None, config: Config) -> Shadow:
    """The shadow for a target, or for none, as migplan.toml says."""
    setup = read_setup_files(config.shadow.preset, (config.resolve(p) for p in config.shadow.setup))
    return choose_shadow(target, url=config.shadow.url, setup=setup)


def managed_by(config: Config, shadow: Shadow) -> Managed:
    """What migplan.toml manages of a live database, where no declaration says so: all but the set-up's."""
    said = wanted(config)
    return beside_setup(Managed(Scope(said.schemas), patterns=said.ignore), shadow)


def _note_unknown_schemas(config: Config, *sides: Catalog) -> None:
    """A misspelt schema would manage nothing, and nothing would ever differ."""
    known = {id.path[0] for side in sides for id in side.objects if id.kind == "schema"}
    for name in config.manage.schemas or ():
        if name not in known:
            print(f"note: [manage] schemas: neither side has a schema {name!r}", file=sys.stderr)


def _note_emptiness(before: Catalog, after: Catalog) -> None:
    """An empty file is a declaration too, and rarely what was meant."""
    there = [id for id in before.objects if id.kind != "schema"]
    if there and all(id.kind == "schema" for id in after.objects):
        print("note: the declaration holds nothing: everything that is managed would be dropped", file=sys.stderr)


def wanted(config: Config) -> Wanted:
    """What migplan.toml says of the declared side."""
    manage = config.manage
    schemas = None if manage.schemas is None else frozenset(manage.schemas)
    ignored = (*manage.ignore, *ignored_by(config.shadow.preset))
    return Wanted(schemas=schemas, ignore=ignored, owners=manage.owners, grants=manage.grants)


def _source(schema: Sequence[str], config: Config) -> str | Sequence[str | Path | SourceText]:
    if len(schema) == 1:
        return schema[0]
    if schema:
        return list(schema)
    paths = [p if is_url(p) else config.resolve(p) for p in config.schema_paths]
    if config.schema_command is None:
        return str(paths[0]) if len(paths) == 1 else paths
    from migplan.source.commands import output_of

    folder = Path() if config.path is None else config.path.parent
    printed = output_of(config.schema_command, folder)
    return [*paths, printed] if config.schema is not None else [printed]


def _live(
    reading: LiveReading, declared: Declared, shadow: Shadow, settings: Settings
) -> tuple[Catalog, dict[ObjectId, frozenset[Outsider]], Shadow]:
    """The live side, who stands on it from outside where anything differs, and the shadow with every role that either
    side names."""
    from migplan.prove.settle import comparable

    managed = declared.managed
    owners = settings.owners
    named = {**dict.fromkeys(roles_of(declared.catalog, owners=owners), "the declaration"), **declared.roles}
    connection, read = reading.result()
    with contextlib.closing(connection):
        live = managed.of(read)
        shadow = shadow.needing(named, roles_of(live, owners=owners))
        before, changes = comparable(live, declared.catalog, shadow.scratch, managed, settings)
        beside = outsiders(connection, read, live) if changes else {}
        return probe(connection, before, _touched(before, changes), settings.small_rows), beside, shadow


def _touched(before: Catalog, changes: Iterable[Change]) -> set[ObjectId]:
    """The relations that some change speaks of."""
    found: set[ObjectId] = set()
    for change in changes:
        for obj in _sides(change):
            found |= {
                id for id in (obj.id, obj.table, getattr(obj, "target", None), *tables_above(obj)) if id is not None
            }
        found |= {user for user in before.used_by.get(change.id, ()) if user in before.sizes}
        for user in before.dependants([change.id]):
            owner = before[user].table
            if owner is not None:
                found.add(owner)
    return found


def _sides(change: Change) -> Iterable[DbObject]:
    """The object before and after a change."""
    if not isinstance(change, Create):
        yield change.old
    if not isinstance(change, Drop):
        yield change.new
