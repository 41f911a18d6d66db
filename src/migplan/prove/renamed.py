"""Renames made in the shadow: the live schema is rebuilt there, its objects are renamed, and it is read again.

So views, constraints, defaults, policies, bodies in standard SQL and whatever else names a renamed object follow as
PostgreSQL itself makes them follow.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import replace

from migplan.core.directives import Directive, Directives
from migplan.core.errors import DirectiveError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.settings import Settings
from migplan.planning.names.moved_extensions import moving
from migplan.planning.names.relabelled import DIRECTIVE as RENAME_VALUE
from migplan.planning.names.renames import Renamed
from migplan.planning.names.renames_inferred import renamed_keys
from migplan.planning.names.renames_wanted import DIRECTIVE, LEVELS, names_of_argument, of_level, wanted
from migplan.prove.moved_extensions import with_extensions_moved
from migplan.prove.rebuilt import rebuild_live
from migplan.prove.renaming import Renaming
from migplan.prove.settle import Scratch, comparable
from migplan.source.declared import Declared
from migplan.source.reading.managed import Managed
from migplan.source.shadow.shadow import Shadow


def schemas_to_read(declared: Declared) -> Declared:
    """The declaration with those schemas managed as well that it renames: on the live side they bear the old name."""
    schemas = declared.managed.scope.schemas
    asked = [d for d in declared.directives.named(DIRECTIVE) if d.target is not None and d.target.kind == "schema"]
    olds = frozenset(names_of_argument(d.argument)[-1] for d in asked)
    if schemas is None or olds <= schemas:
        return declared
    scope = replace(declared.managed.scope, schemas=schemas | olds)
    return replace(declared, managed=replace(declared.managed, scope=scope))


def renamed_side(
    before: Catalog,
    after: Catalog,
    declared: Declared,
    shadow: Shadow,
    settings: Settings,
    first: frozenset[ObjectId] = frozenset(),
) -> Renamed:
    """The live catalog after the declared renames, printed so that it compares with the declared one, and after the
    changes of columns that go ``first``, in a stage of their own.

    Raises like :func:`renamed`.
    """
    scratch, managed = shadow.scratch, declared.managed
    schemas = (d.target for d in declared.directives.named(DIRECTIVE) if d.target is not None)
    moves = moving(before, after, schemas)
    if moves:
        before = with_extensions_moved(before, moves, scratch, managed, settings)
    found = renamed(before, after, declared.directives, scratch, managed, settings, first).behind(moves)
    if not found.hops and not found.columns and not found.labels and not found.earlier and not moves:
        return found
    compared = comparable(found.before, after, scratch, managed, settings)
    return replace(found, before=compared.before)


def renamed(
    before: Catalog,
    after: Catalog,
    directives: Directives,
    scratch: Scratch,
    managed: Managed,
    settings: Settings,
    first: frozenset[ObjectId] = frozenset(),
) -> Renamed:
    """The live catalog after the renames that directives ask for, and those of keys that can't be built anew; the
    shadow is used only where there are any.

    Raises ``DirectiveError`` for a directive that matches nothing, or whose rename PostgreSQL refuses.
    """
    asked = [d for d in directives.named(DIRECTIVE) if d.target is not None]
    labels = directives.named(RENAME_VALUE)
    keys = renamed_keys(before, after)
    if not asked and not labels and not first and not keys:
        return Renamed(before)
    done = None if labels or first or keys else _all_done(asked, before, after)
    if done is not None:
        return Renamed(before, notes=tuple(done))
    with scratch() as database, contextlib.closing(database.connect()) as connection:
        rebuild_live(before, connection, managed=managed, settings=settings)
        work = Renaming(connection, managed, before, after, settings, directives, first)
        for level in range(LEVELS):
            work.rename(of_level(asked, level), last=level == LEVELS - 1)
        work.infer()
        work.relabel(labels)
        return work.result()


def _all_done(asked: Sequence[Directive], before: Catalog, after: Catalog) -> list[str] | None:
    """Notes, where no directive has anything to do; None where one has, or may have after others."""
    notes: list[str] = []
    for level in range(LEVELS):
        try:
            found = wanted(of_level(asked, level), before, after)
        except DirectiveError:
            if level == 0:
                raise
            return None
        if found.renames:
            return None
        notes += found.notes
    return notes
