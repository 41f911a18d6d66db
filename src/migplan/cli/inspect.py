"""``migplan inspect``: what migplan sees of a database."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import fields, is_dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _typeshed import DataclassInstance

    from migplan.core.ids import ObjectId
    from migplan.core.model import Catalog


class Format(StrEnum):
    """How it is printed."""

    SUMMARY = "summary"
    SQL = "sql"
    JSON = "json"


def inspect(
    patterns: Annotated[
        list[str] | None, typer.Argument(metavar="OBJECT", help="Only these, such as public.users or public.user_*.")
    ] = None,
    target: Annotated[str | None, typer.Option(help="A target of migplan.toml, or a libpq URL.")] = None,
    format: Annotated[Format, typer.Option(help="How to print it.")] = Format.SUMMARY,
    config: Annotated[Path | None, typer.Option(help="migplan.toml, where it isn't here or above.")] = None,
) -> int:
    """Print what migplan sees of a database: how many objects of each kind, their SQL, or every attribute as JSON."""
    from migplan.core.settings import Settings
    from migplan.report.schema_files import schema_sql
    from migplan.source.config import read_config
    from migplan.source.connect import connect
    from migplan.source.introspect import Scope
    from migplan.source.live import introspect_live

    configuration = read_config(config)
    schemas = configuration.manage.schemas
    scope = Scope(None if schemas is None else frozenset(schemas))
    with connect(configuration.target_url(target)) as connection:
        catalog = introspect_live(connection, scope)
    chosen = _chosen(catalog, patterns or [])
    match format:
        case Format.SQL:
            settings = Settings(owners=configuration.manage.owners, grants=configuration.manage.grants)
            sys.stdout.write(schema_sql(catalog, settings, chosen))
        case Format.JSON:
            sys.stdout.write(_as_json(catalog, chosen))
        case Format.SUMMARY:
            sys.stdout.write(_summary(catalog, chosen))
    return 0


def _chosen(catalog: Catalog, patterns: list[str]) -> frozenset[ObjectId] | None:
    """The objects that the patterns mean, with what belongs to them; None for all."""
    from migplan.core.errors import ConfigError

    if not patterns:
        return None
    found: set[ObjectId] = set()
    for pattern in patterns:
        mine = {id for id in catalog.objects if fnmatchcase(id.name, pattern) or fnmatchcase(str(id), pattern)}
        if not mine:
            raise ConfigError(
                f"nothing is called {pattern!r}", hint="Names are qualified: public.users, public.user_*."
            )
        found |= mine
    return frozenset(found | {o.id for o in catalog if o.table in found})


def _summary(catalog: Catalog, chosen: frozenset[ObjectId] | None) -> str:
    ids = [id for id in catalog.objects if chosen is None or id in chosen]
    if chosen is not None:
        return "".join(f"{id}\n" for id in sorted(ids))
    counts = Counter(id.kind.replace("_", " ") for id in ids)
    width = max(map(len, counts), default=0)
    lines = [f"{kind:<{width}}  {count}" for kind, count in sorted(counts.items())]
    lines += [f"not modelled: {u.what} {u.name}" for u in catalog.unmodelled]
    return "\n".join([f"PostgreSQL {catalog.major}", *lines]) + "\n"


def _as_json(catalog: Catalog, chosen: frozenset[ObjectId] | None) -> str:
    objects = [_fields(catalog[id]) for id in sorted(catalog.objects) if chosen is None or id in chosen]
    document = {"server_version": catalog.server_version, "fingerprint": catalog.fingerprint, "objects": objects}
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _fields(model: DataclassInstance) -> dict[str, object]:
    """A model's fields that don't have their default."""
    values = {f.name: (getattr(model, f.name), f.default) for f in fields(model)}
    return {name: _plain(value) for name, (value, default) in values.items() if value != default}


def _plain(value: object) -> object:
    """What JSON knows: ids as text, models by their fields."""
    from migplan.core.ids import ObjectId

    if isinstance(value, ObjectId):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return value if isinstance(value, str | int | float | None) else str(value)
