"""A catalog as SQL files that a person keeps: one file a table with what belongs to it, the rest by kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.core.steps import Step
from migplan.kinds.default_privileges import DefaultPrivileges
from migplan.kinds.schema import PUBLIC_SCHEMA, Schema
from migplan.kinds.sequence import Sequence
from migplan.planning.plan import draft

_FILES: Final = {
    "schema": "schemas",
    "extension": "extensions",
    "enum": "types",
    "domain": "types",
    "composite_type": "types",
    "range": "types",
    "function": "functions",
    "procedure": "functions",
    "aggregate": "functions",
    "view": "views",
    "materialized_view": "views",
    "sequence": "sequences",
    "collation": "collations",
    "conversion": "conversions",
    "cast": "casts",
    "operator": "operators",
    "operator_class": "operators",
    "operator_family": "operators",
    "foreign_data_wrapper": "foreign_data",
    "server": "foreign_data",
    "user_mapping": "foreign_data",
    "publication": "publications",
    "event_trigger": "event_triggers",
    "default_privileges": "default_privileges",
    "statistics": "statistics",
}
_TABLES: Final = frozenset({"table", "foreign_table"})


def schema_files(catalog: Catalog, settings: Settings) -> dict[str, str]:
    """File names (``tables/users.sql``; with a folder for each schema where there are several) and their SQL.

    Every file's statements are in an order in which they can run; among files the loader finds the order.
    """
    grouped: dict[str, list[Step]] = {}
    folders = _Folders(catalog)
    for step in _steps(catalog, settings):
        grouped.setdefault(folders.file_of(step.object), []).append(step)
    return {name: _text(steps) for name, steps in sorted(grouped.items())}


def schema_sql(catalog: Catalog, settings: Settings, only: frozenset[ObjectId] | None = None) -> str:
    """The whole catalog, or some of its objects, as one script in an order in which it can run."""
    steps = [
        s for s in _steps(catalog, settings) if only is None or _owner(s.object, catalog) in only or s.object in only
    ]
    return _text(steps)


def _steps(catalog: Catalog, settings: Settings) -> Iterable[Step]:
    """What makes the catalog out of a new database, which has ``public`` already."""
    owners = {o.id: o.owner for o in catalog if o.id == PUBLIC_SCHEMA}
    public = {id: Schema(id=id, owner=owner) for id, owner in owners.items()}
    empty = replace(catalog, objects=public, uses={}, sizes={})
    return draft(empty, catalog, settings=replace(settings, offline=True)).steps


def _owner(id: ObjectId, catalog: Catalog) -> ObjectId:
    """The table that an object is declared with, else the object itself."""
    obj = catalog.objects.get(id)
    if isinstance(obj, Sequence) and obj.owned_by is not None:
        return ObjectId("table", obj.owned_by.path[:2])
    return id if obj is None or obj.table is None else obj.table


class _Folders:
    """Which file an object goes to."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        schemas = {
            id.path[0] for id in catalog.objects if id.kind in _TABLES or (id.kind in _FILES and len(id.path) > 1)
        }
        self._several = len(schemas) > 1

    def file_of(self, id: ObjectId) -> str:
        owner = _owner(id, self._catalog)
        if isinstance(self._catalog.objects.get(owner), DefaultPrivileges):
            return "default_privileges.sql"
        if owner.kind in _TABLES:
            return self._within(owner, f"tables/{_file_name(owner.path[-1])}")
        name = _FILES.get(owner.kind, "text_search" if owner.kind.startswith("ts_") else owner.kind)
        return self._within(owner, name) if len(owner.path) > 1 else f"{name}.sql"

    def _within(self, id: ObjectId, name: str) -> str:
        folder = _file_name(id.path[0]) if self._several else ""
        return str(PurePosixPath(folder) / f"{name}.sql")


def _file_name(name: str) -> str:
    """A name that every file system takes: what isn't a letter, digit, ``_`` or ``-`` as its code."""
    return "".join(c if c.isalnum() or c in "_-" else f"%{ord(c):02x}" for c in name)


def _text(steps: Iterable[Step]) -> str:
    """Statements with a blank line between, but for neighbours of one kind that take a line each."""
    text, previous = "", ("", True)
    for step in steps:
        block = "".join(f"{s.sql};\n" for s in step.up)
        if not block:
            continue
        shape = (step.object.kind, "\n" in block[:-1])
        alike = shape == previous and not shape[1]
        text += block if alike or not text else f"\n{block}"
        previous = shape
    return text


def case_clashes(files: Mapping[str, str]) -> list[tuple[str, ...]]:
    """Names that a file system without case would take for one."""
    alike: dict[str, list[str]] = {}
    for name in files:
        alike.setdefault(name.lower(), []).append(name)
    return [tuple(names) for names in alike.values() if len(names) > 1]
