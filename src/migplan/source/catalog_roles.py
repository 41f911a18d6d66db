"""The roles that a catalog names: they must exist wherever it is built."""

from __future__ import annotations

from migplan.core.model import Catalog
from migplan.kinds.registry import kind_of


def roles_of(catalog: Catalog, *, owners: bool) -> frozenset[str]:
    """Names of the roles in grants, policies and the like; with ``owners``, where those are managed."""
    named = {role for o in catalog for role in kind_of(o.id).roles(o)}
    owning = {o.owner for o in catalog if o.owner} if owners else set[str]()
    return frozenset(named | owning)
