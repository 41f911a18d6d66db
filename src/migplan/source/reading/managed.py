"""What migplan manages of a database, and what it leaves alone: set-up objects and those that migplan.toml ignores."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from dataclasses import field, replace
from fnmatch import fnmatchcase

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.kinds.default_privileges import DefaultPrivileges
from migplan.source.reading.introspect import Scope
from migplan.source.shadow.shadow import Shadow, read_setup


@record
class Managed:
    """``scope`` are the schemas that are read; ``ignored`` objects and ``patterns`` are left out of both sides.

    A pattern is matched against the object's text form: ``table public.audit_*``, ``extension *``; with ``*`` for
    any characters. Without a kind (``public.audit_*``) it means objects of every kind.
    """

    scope: Scope = field(default_factory=Scope)
    ignored: frozenset[ObjectId] = frozenset()
    patterns: tuple[str, ...] = ()

    def of(self, catalog: Catalog) -> Catalog:
        """The catalog without what is ignored, and without what belongs to it (an ignored table's columns)."""
        if not self.ignored and not self.patterns:
            return catalog
        left_out = {id for id in catalog.objects if self._is_ignored(id)}
        left_out |= {o.id for o in catalog if o.table in left_out}
        if not left_out:
            return catalog
        return replace(
            catalog,
            objects={id: o for id, o in catalog.objects.items() if id not in left_out},
            uses={id: used for id, used in catalog.uses.items() if id not in left_out},
            sizes={id: size for id, size in catalog.sizes.items() if id not in left_out},
            left_alone=tuple(o for o in catalog.of(DefaultPrivileges) if o.id in left_out),
        )

    def _is_ignored(self, id: ObjectId) -> bool:
        if id in self.ignored:
            return True
        return any(matches(pattern, id) for pattern in self.patterns)


def beside_setup(managed: Managed, shadow: Shadow) -> Managed:
    """The same, without what the shadow's set-up makes: that is somebody else's on the live side too."""
    if not shadow.setup:
        return managed
    with shadow.scratch() as database, contextlib.closing(database.connect()) as connection:
        made = read_setup(connection, shadow)
    scope = Scope(managed.scope.schemas, managed.scope.without | made.schemas)
    return Managed(scope, managed.ignored | made.objects, managed.patterns)


def matches(pattern: str, id: ObjectId) -> bool:
    """Whether an ignore pattern means the object."""
    return fnmatchcase(str(id), pattern) or fnmatchcase(id.name, pattern)


def mentioned_schemas(names: Iterable[str]) -> frozenset[str]:
    """The names without PostgreSQL's own schemas."""
    return frozenset(n for n in names if n and n != "information_schema" and not n.startswith("pg_"))
