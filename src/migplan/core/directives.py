"""Directives: what a user tells migplan in ``-- migplan:`` comments beside the SQL they speak of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Final

from migplan.core.ids import ObjectId
from migplan.core.records import record

PHASED: Final = frozenset(
    "function procedure aggregate trigger event_trigger policy rule view default sequence".split()
)
"""Kinds whose change is one step that may stand on either side of a checkpoint, where ``phase`` says."""
_ASSIGNMENT: Final = re.compile(r"""("(?:[^"]|"")+"|[^\W\d][\w$]*)\s*=(?!>)\s*(\S.*)""", re.S)


@record
class Directive:
    """One directive: ``name`` (``renamed-from``), its raw ``argument``, the object it is bound to, and its place.

    ``target`` is None for directives that speak of a whole file. ``place`` is ``file:line:column``.
    """

    name: str
    argument: str
    target: ObjectId | None
    place: str


@record(slots=False)
class Directives:
    """All directives of a declaration, looked up by object and name."""

    items: tuple[Directive, ...] = ()
    _index: Mapping[tuple[ObjectId | None, str], Directive] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_index", {(d.target, d.name): d for d in self.items})

    @staticmethod
    def of(items: Iterable[Directive]) -> Directives:
        """A collection of them."""
        return Directives(tuple(items))

    def get(self, target: ObjectId, name: str) -> str | None:
        """The argument of the directive ``name`` on ``target``, or None."""
        found = self._index.get((target, name))
        return None if found is None else found.argument

    def find(self, target: ObjectId, name: str) -> Directive | None:
        """The directive ``name`` on ``target`` itself, for its place."""
        return self._index.get((target, name))

    def named(self, name: str) -> list[Directive]:
        """Every directive of that name, in the files' order."""
        return [d for d in self.items if d.name == name]


def assignment(argument: str) -> tuple[str, str] | None:
    """``NAME = EXPRESSION`` as a column's raw name and its expression, or None where the argument isn't one."""
    found = _ASSIGNMENT.fullmatch(argument.strip())
    if found is None:
        return None
    name = found[1]
    return (name[1:-1].replace('""', '"') if name.startswith('"') else name.lower()), found[2]
