"""What the ``renamed-from`` directives ask for, against the database as it is: to do, done, or a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from migplan.core.changes import Rename
from migplan.core.directives import Directive
from migplan.core.errors import DirectiveError
from migplan.core.ids import CALLABLE, ObjectId
from migplan.core.model import Catalog
from migplan.planning.shapes import shape
from migplan.strategies.names.rename import MEMBERS, with_path

DIRECTIVE: Final = "renamed-from"
LEVELS: Final = 4
"""Schemas, then what lies in them, then routines (whose ids hold names of types), then members of relations."""
_PART: Final = re.compile(r'"((?:[^"]|"")+)"|([^\s".]+)')
_BORN_WITH_A_DATABASE: Final = frozenset({"schema", "extension", "default_privileges"})


@dataclass
class Wanted:
    """The renames of one level, and notes on directives that have nothing to do."""

    renames: list[Rename] = field(default_factory=list[Rename])
    notes: list[str] = field(default_factory=list[str])


def level_of(id: ObjectId) -> int:
    """Which of the :data:`LEVELS` an object is renamed in."""
    if id.kind == "schema":
        return 0
    if id.kind in CALLABLE:
        return 2
    return 3 if id.kind in MEMBERS else 1


def wanted(
    directives: Sequence[Directive], world: Catalog, after: Catalog, schemas: Mapping[str, str] | None = None
) -> Wanted:
    """The renames that the directives (of one level) ask for in ``world``, where lower levels are done.

    ``schemas`` are those renamed before, by their old names. Raises ``DirectiveError`` for a directive whose object is
    neither there under the old nor under the new name.
    """
    result = Wanted()
    found = {d: old for d in directives if (old := _found(d, world, after, schemas or {}, result)) is not None}
    leaving = _leaving(found, world)
    for directive, old in found.items():
        new = _target(directive)
        if old == new or (new not in leaving and _is_done(old, new, world, after)):
            result.notes.append(_done(directive))
        else:
            result.renames.append(Rename(old, new))
    return result


def names_of_argument(argument: str) -> tuple[str, ...]:
    """The raw names of ``schema."Name"``; unquoted ones in lower case, as PostgreSQL folds them."""
    return tuple(q.replace('""', '"') if q else word.lower() for q, word in _PART.findall(argument))


def _found(
    directive: Directive, world: Catalog, after: Catalog, schemas: Mapping[str, str], result: Wanted
) -> ObjectId | None:
    """The object under its old name; notes why there is nothing to do."""
    new = _target(directive)
    old = next((id for id in _old_ids(directive, new, schemas) if id in world), None)
    if old is not None:
        return old
    if new in world:
        result.notes.append(_done(directive))
    elif _is_new_with_its_owner(new, world, after):
        result.notes.append(f"{directive.place}: {new} comes with a new object; there is nothing to rename")
    elif all(o.id.kind in _BORN_WITH_A_DATABASE for o in world):
        result.notes.append(f"{directive.place}: the database is empty; {new} is created")
    elif others := _with_other_arguments(directive, new, world):
        result.notes.append(
            f"{directive.place}: {others[0]} takes other arguments than {new}: that is created beside it"
        )
    else:
        raise _neither(directive, new, world)
    return None


def _target(directive: Directive) -> ObjectId:
    assert directive.target is not None
    return directive.target


def _old_ids(directive: Directive, new: ObjectId, schemas: Mapping[str, str]) -> list[ObjectId]:
    """What the directive may mean: a qualified name may say a schema by its old name."""
    names = names_of_argument(directive.argument)
    if new.kind in MEMBERS:
        return [ObjectId(new.kind, (*new.path[:-1], names[-1]))]
    if len(new.path) == 1:
        return [ObjectId(new.kind, names[-1:])]
    if len(names) == 1:
        return [with_path(new, new.path[0], names[0])]
    return [with_path(new, schema, names[-1]) for schema in (names[-2], schemas.get(names[-2], names[-2]))]


def _is_new_with_its_owner(new: ObjectId, world: Catalog, after: Catalog) -> bool:
    owner = after[new].table if new in after else None
    return owner is not None and owner not in world


def _with_other_arguments(directive: Directive, new: ObjectId, world: Catalog) -> list[ObjectId]:
    if new.kind not in CALLABLE:
        return []
    paths = {id.path[:2] for id in _old_ids(directive, new, {})}
    return sorted(id for id in world.objects if id.kind == new.kind and id.path[:2] in paths)


def _neither(directive: Directive, new: ObjectId, world: Catalog) -> DirectiveError:
    paths = {id.path for id in _old_ids(directive, new, {})}
    other = sorted(str(id) for id in world.objects if id.path in paths)
    if other:
        return DirectiveError(
            f"{new} can't be renamed from {directive.argument}, which is another kind of object: {other[0]}",
            place=directive.place,
        )
    return DirectiveError(
        f"{new} is declared as renamed from {directive.argument}, and the database has neither",
        place=directive.place,
        hint="Write the name that the object has now; a name in another schema needs that schema, and [manage] schemas"
        " must name it. Remove the directive if the object is new.",
    )


def _leaving(found: Mapping[Directive, ObjectId], world: Catalog) -> set[ObjectId]:
    """What certainly leaves its name: its own new name is free, or is left by another that certainly does."""
    sure: set[ObjectId] = set()
    while True:
        more = {old for d, old in found.items() if (t := _target(d)) not in world or t in sure} - sure
        if not more:
            return sure
        sure |= more


def _is_done(old: ObjectId, new: ObjectId, world: Catalog, after: Catalog) -> bool:
    """Both names are there: whether the new one is already what is declared, rather than what makes room for it."""
    if new not in world:
        return False
    declared = shape(after[new], after)
    if shape(world[new], world) == declared:
        return True
    return old in after and shape(world[old], world) != declared


def _done(directive: Directive) -> str:
    return f"{directive.place}: {directive.target} bears its new name already; the directive has nothing left to do"


def of_level(directives: Iterable[Directive], level: int) -> list[Directive]:
    """The directives on objects of one level."""
    return [d for d in directives if d.target is not None and level_of(d.target) == level]
