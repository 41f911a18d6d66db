"""Every kind, found by listing this package: a module's ``KINDS``; those without help the others."""

from __future__ import annotations

from functools import cache
from typing import Any

import migplan.kinds as package
from migplan.core.discovery import modules
from migplan.core.errors import UnsupportedError
from migplan.core.ids import ObjectId
from migplan.kinds.base import Kind


@cache
def kinds() -> dict[str, Kind[Any]]:
    """Kinds by name; two of one name are a bug and fail at once."""
    found: dict[str, Kind[Any]] = {}
    for module in modules(package):
        for kind in getattr(module, "KINDS", ()):
            if kind.name in found:
                raise UnsupportedError(f"two kinds are called {kind.name!r}")
            found[kind.name] = kind
    return found


def kind_of(id: ObjectId) -> Kind[Any]:
    """The kind that an object's id names."""
    try:
        return kinds()[id.kind]
    except KeyError:
        raise UnsupportedError(f"migplan has no kind {id.kind!r}", place=str(id)) from None
