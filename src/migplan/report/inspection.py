"""A catalog for ``migplan inspect``: counted by kind, or every attribute as JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, cast

from migplan.core.errors import ConfigError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

FORMAT_VERSION = 1


def chosen(catalog: Catalog, patterns: Sequence[str]) -> frozenset[ObjectId] | None:
    """The objects that the patterns mean, with what belongs to them; None for all. Raises ``ConfigError``."""
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


def summary(catalog: Catalog, ids: frozenset[ObjectId] | None) -> str:
    """How many of each kind, and what isn't modelled; the names, where some were asked for."""
    if ids is not None:
        return "".join(f"{id}\n" for id in sorted(ids))
    counts = Counter(id.kind.replace("_", " ") for id in catalog.objects)
    width = max(map(len, counts), default=0)
    lines = [f"{kind:<{width}}  {count}" for kind, count in sorted(counts.items())]
    lines += [f"not modelled: {u.what} {u.name}" for u in catalog.unmodelled]
    return "\n".join([f"PostgreSQL {catalog.major}", *lines]) + "\n"


def as_json(catalog: Catalog, ids: frozenset[ObjectId] | None) -> str:
    """Every object with the attributes that aren't PostgreSQL's defaults."""
    objects = [_fields(catalog[id]) for id in sorted(catalog.objects) if ids is None or id in ids]
    document = {
        "format_version": FORMAT_VERSION,
        "server_version": catalog.server_version,
        "fingerprint": catalog.fingerprint,
        "objects": objects,
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _fields(model: DataclassInstance) -> dict[str, object]:
    """A model's fields that don't have their default."""
    values = {f.name: (getattr(model, f.name), f.default) for f in fields(model)}
    return {name: _plain(value) for name, (value, default) in values.items() if value != default}


def _plain(value: object) -> object:
    """What JSON knows: ids as text, models by their fields."""
    if isinstance(value, ObjectId):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        return _fields(value)
    if isinstance(value, tuple | list):
        return [_plain(item) for item in cast("Sequence[object]", value)]
    return value if isinstance(value, str | int | float | None) else str(value)
