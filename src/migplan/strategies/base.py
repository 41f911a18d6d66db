"""The contract of a strategy: how changes of one sort are expanded into steps."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from functools import cached_property
from typing import ClassVar, Final

from migplan.core.changes import Alter, Change, Create, Drop
from migplan.core.directives import Directives
from migplan.core.errors import PlanningError
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog, DbObject, O
from migplan.core.records import record
from migplan.core.settings import Settings
from migplan.core.steps import After, Down, Irreversible, Part, Step
from migplan.kinds.column import Column
from migplan.strategies.columns.name_of_not_null import NameOfNotNull
from migplan.strategies.partitions.successions import Successions
from migplan.strategies.pieces import Pieces
from migplan.strategies.sizing import Size, Sizing

PLAIN: Final = "plain"
"""What steps say that no strategy made."""


@record
class Rebuild:
    """An object that is dropped and re-created: why, together with what, and whether it is the cause itself."""

    id: ObjectId
    group: str
    root: bool
    whole: bool
    parts: frozenset[ObjectId]


@record
class Rebuilds:
    """``items``: what is dropped and re-created. ``groups``: the transaction that an object's steps belong to, for
    rebuilt objects and their causes. ``followers``: objects that move in place to a rebuilt object, by which."""

    items: Mapping[ObjectId, Rebuild]
    groups: Mapping[ObjectId, str]
    followers: Mapping[ObjectId, frozenset[ObjectId]]

    @property
    def whole(self) -> frozenset[ObjectId]:
        """What is dropped and re-created as a whole."""
        return frozenset(id for id, rebuild in self.items.items() if rebuild.whole)


def _no_way_back(id: ObjectId, ahead: Sequence[ObjectId], first: bool) -> Down | Irreversible:
    raise PlanningError(f"no way back is known for {id}")


@record(slots=False)
class Context:
    """All that strategies look at. ``changes`` are those not merged into another (a new table's columns are)."""

    before: Catalog
    after: Catalog
    changes: Mapping[ObjectId, Change]
    rebuilds: Rebuilds
    pieces_before: Pieces
    pieces_after: Pieces
    directives: Directives = field(default_factory=Directives)
    settings: Settings = field(default_factory=Settings)
    all_changes: tuple[Change, ...] = ()
    """Every difference, also those that are merged into others."""
    remade_before: frozenset[ObjectId] = frozenset()
    """Rebuilt objects that vanish with another rebuilt one (a rebuilt table's keys)."""
    remade_after: frozenset[ObjectId] = frozenset()
    """Rebuilt objects that come with another rebuilt one."""
    replaced: frozenset[ObjectId] = frozenset()
    """Columns whose type can't change in place: a second one takes over (see ``replaced``)."""
    staged: frozenset[ObjectId] = frozenset()
    """Types that are replaced under a temporary name, because ``replaced`` columns hold them."""
    online: frozenset[ObjectId] = frozenset()
    """Tables that are built a second time beside themselves, with their partitions and all that moves with them (see
    ``rebuilt_online``)."""
    not_online: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    """Tables that would have to be, and what stands in the way: the end of a sentence."""
    renamed_columns: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    """Columns that an application knows by another name, by the one that both catalogs have: their present names."""
    renamed_tables: frozenset[ObjectId] = frozenset()
    """Tables that an application may know by another name, by the one that both catalogs have."""
    renamed_not_nulls: Mapping[ObjectId, NameOfNotNull] = field(default_factory=dict[ObjectId, NameOfNotNull])
    """Constraints that are renamed with them, by the columns' ids."""
    dual_written: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    """New columns that the application itself writes beside present ones, by the names of those."""
    vacated: Mapping[ObjectId, Column] = field(default_factory=dict[ObjectId, Column])
    """Columns that go in a later stage and leave their names to others in this one: as they are, by their ids then."""
    left: Mapping[ObjectId, Column] = field(default_factory=dict[ObjectId, Column])
    """Those that earlier stages have vacated."""
    renamed_labels: Mapping[ObjectId, tuple[tuple[str, str], ...]] = field(
        default_factory=dict[ObjectId, tuple[tuple[str, str], ...]]
    )
    """Labels of enums that are renamed in place: old and new, by the enum; the catalogs have the new ones."""
    added_labels: Mapping[ObjectId, frozenset[str]] = field(default_factory=dict[ObjectId, frozenset[str]])
    """Labels that the plan itself adds to enums before anything else, because rows are going to get them."""
    way_back: Callable[[ObjectId, Sequence[ObjectId], bool], Down | Irreversible] = _no_way_back
    """What undoes one object's in-place alteration where its kind can't: with all that stands on it."""

    def created(self, model: type[O]) -> list[O]:
        """New objects of one model that are not rebuilt."""
        return [c.new for c in self.changes.values() if isinstance(c, Create) and isinstance(c.new, model)]

    def dropped(self, model: type[O]) -> list[O]:
        """Objects of one model that vanish."""
        return [c.old for c in self.changes.values() if isinstance(c, Drop) and isinstance(c.old, model)]

    def altered(self, model: type[O]) -> list[tuple[O, O, frozenset[str]]]:
        """Objects of one model that change in place or are rebuilt: old, new, and the names of differing fields."""
        return [
            (c.old, c.new, c.fields)
            for c in self.changes.values()
            if isinstance(c, Alter) and isinstance(c.old, model) and isinstance(c.new, model)
        ]

    def rebuilt_parts(self, rebuild: Rebuild) -> tuple[list[Part], list[Part]]:
        """The parts of an object that are dropped, and those that are made: the same, and those that are new."""
        before = self.pieces_before.of(rebuild.id)
        dropped = [p for p in before if p.provides & rebuild.parts]
        gone, known = ({id for p in parts for id in p.provides} for parts in (dropped, before))
        made = (p for p in self.pieces_after.of(rebuild.id) if p.provides & gone or not p.provides & known)
        return dropped, list(made)

    def size(self, table: ObjectId) -> Size:
        """The class of a relation's size; partitions count for their parent."""
        return self.sizing.of(table)

    def empty(self, table: ObjectId) -> bool:
        """Whether a relation certainly holds no row: new, or probed."""
        return self.sizing.empty(table)

    @cached_property
    def sizing(self) -> Sizing:
        """The sizes of the live tables."""
        return Sizing(self.before, self.settings)

    @cached_property
    def successions(self) -> Successions:
        """Which partitions come in the place of which."""
        return Successions(self.before, self.after, self.rebuilds.whole, frozenset(self.rebuilds.items))

    def swapped(self, id: ObjectId) -> bool:
        """Whether something goes over to another incarnation together with a replaced column that it stands on."""
        if id not in self.before:
            return False
        used = set(self.before.uses.get(id, ()))
        if id in self.after:
            used |= self.after.uses.get(id, frozenset())
        return not used.isdisjoint(self.replaced)

    def directive(self, obj: DbObject, name: str) -> str | None:
        """The argument of a directive on the object."""
        return self.directives.get(obj.id, name)


@record
class Expansion:
    """The steps of one or more changes, and which changes they fully take care of.

    ``claims`` are object ids; the plain strategy leaves claimed changes alone. ``fields`` claims single fields of an
    altered object instead: the rest of the change is still made by others.
    """

    steps: tuple[Step, ...]
    claims: frozenset[ObjectId] = frozenset()
    fields: Mapping[ObjectId, frozenset[str]] = field(default_factory=dict[ObjectId, frozenset[str]])
    blocked: tuple[str, ...] = ()
    behind: Mapping[ObjectId, After] = field(default_factory=dict[ObjectId, After])
    """Every other step that touches one of these objects waits; one that only uses it, unless that closes a circle."""
    within: frozenset[str] = frozenset()
    """But not those of these transactions, which the expansion has its part in."""
    single: Mapping[str, After] = field(default_factory=dict[str, After])
    """Just this step of another waits."""
    told: frozenset[ObjectId] = frozenset()
    """Objects that go behind the expansion's own checkpoints, which say what the application must do about them."""
    early: Mapping[ObjectId, After] = field(default_factory=dict[ObjectId, After])
    """But steps of these objects wait for something else."""
    ahead: Mapping[ObjectId, After] = field(default_factory=dict[ObjectId, After])
    """Every other step that changes one of these objects goes ahead of a step of the expansion, which is named."""
    first: frozenset[ObjectId] = frozenset()
    """Columns that are renamed, dropped or get another type: what is ``blocked`` isn't once that has been done."""
    company: Mapping[ObjectId, str] = field(default_factory=dict[ObjectId, str])
    """Objects that are altered in place in the transaction of this name."""
    brackets: tuple[str, str] | None = None
    """The steps that come first and last in their transaction."""


class Strategy(ABC):
    """One way to expand one sort of change. Strategies are found by listing the package; each offers ``STRATEGY``."""

    name: ClassVar[str]
    offline: ClassVar[bool] = False
    """Whether the strategy is also needed where nobody uses the database."""

    @abstractmethod
    def expand(self, context: Context) -> Iterable[Expansion]:
        """The expansions of every change that this strategy is for."""


def finished(id: ObjectId) -> ObjectId:
    """What exists once the old incarnation of an object is gone."""
    return ObjectId("finished", id.path)


def aside_id(id: ObjectId) -> ObjectId:
    """The old incarnation of an object, while it lives on under another name."""
    return ObjectId("aside", id.path)
