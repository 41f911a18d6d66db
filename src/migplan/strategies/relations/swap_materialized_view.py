"""A large materialized view that is changed: built anew aside with its indexes, then swapped in by renames.

Queries read the old one until the swap. What stands on it (views) is dropped and made again in the swap's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property

from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.records import record
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Part, Phase, Statement, Step, step_id, temporary_name
from migplan.kinds.index import Index, create_index
from migplan.kinds.materialized_view import MaterializedView, create_materialized_view
from migplan.kinds.registry import kind_of
from migplan.strategies.base import Context, Expansion, Rebuild, Size, Strategy
from migplan.strategies.pieces import Pieces
from migplan.strategies.types.stored_rows import lets_go_of_rows

AX = LockMode.ACCESS_EXCLUSIVE
NAME = "swap_materialized_view"


class SwapMaterializedView(Strategy):
    """Materialized views whose query changes, where nothing that they read is rebuilt as well."""

    name = NAME

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, _ in context.altered(MaterializedView):
            rebuild = context.rebuilds.items.get(new.id)
            if rebuild is None or not rebuild.root or not rebuild.whole or not _stands_still(context, new.id):
                continue
            if context.size(new.id) is Size.LARGE:
                before, after = _sides(context, old, new)
                yield Expansion(tuple(_steps(context, before, after, rebuild)), before.claimed | after.claimed)


def _stands_still(context: Context, id: ObjectId) -> bool:
    used = context.before.uses.get(id, frozenset()) | context.after.uses.get(id, frozenset())
    return not used & context.rebuilds.items.keys() and not context.swapped(id) and not lets_go_of_rows(context, id)


@record(slots=False)
class _Side:
    """One incarnation with its indexes; ``label`` is in the names that it bears aside."""

    view: MaterializedView
    indexes: tuple[Index, ...]
    pieces: Pieces
    label: str

    @cached_property
    def claimed(self) -> frozenset[ObjectId]:
        return frozenset({self.view.id, *(i.id for i in self.indexes)})

    @cached_property
    def part(self) -> Part:
        (part,) = self.pieces.of(self.view.id)
        return part

    @cached_property
    def provided(self) -> frozenset[ObjectId]:
        return self.part.provides | self.claimed

    @cached_property
    def aside(self) -> ObjectId:
        return _aside(self.view.id, self.label)

    @property
    def build(self) -> tuple[Statement, ...]:
        """The view and its indexes under their temporary names; nobody knows them yet."""
        indexes = (replace(i, id=_aside(i.id, self.label), relation=self.aside, clustered=False) for i in self.indexes)
        view = create_materialized_view(replace(self.view, id=self.aside))
        return (view, *(replace(create_index(i), lock=LockMode.NONE) for i in indexes))

    @property
    def drop(self) -> Statement:
        return Statement(sql("DROP MATERIALIZED VIEW {}", ident(*self.aside.path)), AX)

    @property
    def leave(self) -> list[Statement]:
        """The true names are given up for the temporary ones."""
        return [
            _rename(self.view.id, self.aside),
            *(_rename(i.id, _aside(i.id, self.label)) for i in self.indexes),
        ]

    @property
    def arrive(self) -> list[Statement]:
        """The temporary names are given up for the true ones; comments, grants and settings follow."""
        details = [s for i in self.indexes for s in self.pieces.of(i.id)[0].create[1:]]
        return [
            _rename(self.aside, self.view.id),
            *(_rename(_aside(i.id, self.label), i.id) for i in self.indexes),
            *self.part.create[1:],
            *details,
        ]


def _sides(context: Context, old: MaterializedView, new: MaterializedView) -> tuple[_Side, _Side]:
    def indexes(catalog: Catalog) -> tuple[Index, ...]:
        found = catalog.members_of(new.id, Index)
        return tuple(sorted((i for i in found if i.id in context.rebuilds.items), key=lambda i: i.id))

    return (
        _Side(old, indexes(context.before), context.pieces_before, "old"),
        _Side(new, indexes(context.after), context.pieces_after, "new"),
    )


def _aside(id: ObjectId, label: str) -> ObjectId:
    return ObjectId(id.kind, (*id.path[:-1], temporary_name(id.path[-1], label)))


def _rename(id: ObjectId, to: ObjectId) -> Statement:
    if id.kind == "index":
        command = sql("ALTER INDEX {} RENAME TO {}", ident(*id.path), ident(to.path[-1]))
        return Statement(command, LockMode.SHARE_UPDATE_EXCLUSIVE)
    return Statement(sql("ALTER MATERIALIZED VIEW {} RENAME TO {}", ident(*id.path), ident(to.path[-1])), AX)


def _steps(context: Context, before: _Side, after: _Side, rebuild: Rebuild) -> list[Step]:
    id = after.view.id
    sentence = kind_of(id).contract(before.view, after.view)
    phase = Phase.MIGRATE if sentence is None else Phase.CONTRACT
    build = Step(
        id=step_id("build", id),
        title=f"build the new {id} aside, with its indexes",
        object=id,
        strategy=NAME,
        phase=phase,
        why="queries read the old one meanwhile",
        up=after.build,
        down=Down((after.drop,)),
        uses=after.part.uses,
        deploy=sentence,
    )
    swap = Step(
        id=step_id("swap", id),
        title=f"let the new {id} take the place of the old",
        object=id,
        strategy=NAME,
        phase=phase,
        why="renames in one transaction, with all that stands on it",
        up=(*before.leave, *after.arrive),
        down=Down((*after.leave, *before.arrive)),
        creates=after.provided,
        destroys=before.provided,
        together=rebuild.group,
        after=(After(build.id, "the new one must be complete"),),
    )
    retire = Step(
        id=step_id("retire", id),
        title=f"drop the old {id}",
        object=id,
        strategy=NAME,
        phase=phase,
        why="nothing reads it any more",
        up=(before.drop,),
        down=Down(before.build),
        releases=before.part.uses,
        after=(After(swap.id, "the new one has taken over"),),
    )
    return [build, swap, retire]


STRATEGY = SwapMaterializedView()
