"""Columns whose names change hands while applications use them: round after round, each with a deploy of its own.

Two versions of an application can't both read ``b`` and mean different columns. So a name is free before it is taken:
``b`` to ``c`` first, then ``a`` to ``b``; a column that goes makes room first; and those that change names in a circle
are called something else in between. Each rename stands as late as it can.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from migplan.core.changes import Rename
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.steps import temporary_name
from migplan.kinds.function import Routine
from migplan.strategies.names.routine_bodies import routines_on, words

_LONGEST = 63


@record(slots=False)
class Round:
    """What is renamed behind one deploy. ``room`` are columns that go, which only make room for another."""

    renames: tuple[Rename, ...] = ()
    room: tuple[Rename, ...] = ()


@dataclass
class _Heights:
    """How many rounds have to follow each rename."""

    renames: Mapping[ObjectId, Rename]
    after: Catalog
    first: frozenset[ObjectId]
    taking: dict[ObjectId, Rename] = field(init=False)

    def __post_init__(self) -> None:
        self.taking = {r.new: r for r in self.renames.values()}

    def circle(self, rename: Rename) -> bool:
        """Whether the names go round: whoever takes its old one leaves it, in the end, its new one."""
        found = self.taking.get(rename.old)
        while found is not None and found != rename:
            found = self.taking.get(found.old)
        return found is not None

    def of(self, rename: Rename) -> int:
        """``rename`` is in no circle."""
        taker = self.taking.get(rename.old)
        if taker is not None:
            return 1 + self.of(taker)
        return 1 if rename.old in self.after else self.least(rename)

    def least(self, rename: Rename) -> int:
        """Whether the rest of the plan needs its column under its new name."""
        return int(rename.new in self.first)


def rounds(
    renames: Iterable[Rename], world: Catalog, after: Catalog, first: frozenset[ObjectId] = frozenset()
) -> list[Round]:
    """The renames of columns in their rounds, at least one; each speaks of its column by the name that it has then.

    The last round goes with the rest of the plan, but for the ``first`` ones, which go ahead of it.
    """
    heights = _Heights({r.old: r for r in renames}, after, first)
    by_height: dict[int, list[Rename]] = {}
    rooms: dict[int, list[Rename]] = {}
    taken = {id for id in world.objects if id.kind == "column"} | {id for id in after.objects if id.kind == "column"}
    for rename in sorted(heights.renames.values(), key=lambda r: r.new):
        if heights.circle(rename):
            between = _between(rename.new, taken)
            least = max(heights.least(r) for r in heights.renames.values() if heights.circle(r))
            by_height.setdefault(least + 1, []).append(Rename(rename.old, between))
            by_height.setdefault(least, []).append(Rename(between, rename.new))
            continue
        height = heights.of(rename)
        by_height.setdefault(height, []).append(rename)
        if rename.new in world and rename.new not in heights.renames:
            gone = rename.new.parent("table").child("column", temporary_name(rename.new.path[-1], "gone"))
            rooms.setdefault(height + 1, []).append(Rename(rename.new, gone))
    last = max((*by_height, *rooms), default=0)
    return [Round(tuple(by_height.get(h, ())), tuple(rooms.get(h, ()))) for h in range(last, -1, -1)]


def _between(id: ObjectId, taken: set[ObjectId]) -> ObjectId:
    """What a column is called while its name is still another's: applications say it, so it looks like any name."""
    table, number = id.parent("table"), 1
    while True:
        end = "_next" if number == 1 else f"_next{number}"
        cut = id.path[-1].encode()[: _LONGEST - len(end)].decode(errors="ignore")
        found = table.child("column", cut + end)
        if found not in taken:
            taken.add(found)
            return found
        number += 1


def stuck_bodies(each: Round, world: Catalog) -> Iterator[str]:
    """Functions whose body is only text and says what is renamed, which declare no form for the time in between."""
    tables: dict[ObjectId, set[str]] = {}
    for rename in (*each.renames, *each.room):
        tables.setdefault(rename.old.parent("table"), set()).add(rename.old.path[-1])
    for table, names in sorted(tables.items()):
        called = routines_on(table, world)
        for routine in world.of(Routine):
            said = words(routine.reads_body)
            if said & names and (routine.id in called or table.path[1] in said):
                yield (
                    f"{routine.id} says {', '.join(sorted(said & names))} of {table}, where names change hands, and "
                    "its body can't follow them through the deploys in between: two plans"
                )
