"""The roles that a catalog names: they must exist wherever it is built."""

from __future__ import annotations

from typing import Any

from migplan.core.model import Catalog
from migplan.kinds.base import Kind
from migplan.kinds.registry import kind_of, kinds


def roles_of(catalog: Catalog, *, owners: bool) -> frozenset[str]:
    """Names of the roles in grants, policies and the like; with ``owners``, where those are managed."""
    naming = {name for name, kind in kinds().items() if type(kind).roles is not Kind[Any].roles}
    named = {role for o in catalog if o.grants or o.id.kind in naming for role in kind_of(o.id).roles(o)}
    owning = {o.owner for o in catalog if o.owner} if owners else set[str]()
    return frozenset(named | owning)
