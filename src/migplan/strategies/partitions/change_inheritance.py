"""Tables that leave parents and join others: what they inherited can only be dropped once they have left, and what they
are to inherit must be there before they join (manual: ALTER TABLE, INHERIT). So these are two steps."""

from __future__ import annotations

from collections.abc import Iterable

from migplan.core.changes import Alter, Create
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Phase, Step, step_id
from migplan.kinds._descendants import descendants
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.foreign_table import ForeignTable
from migplan.kinds.inheritance import join_parents, leave_parents, put_in_order, renamed_not_nulls
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table
from migplan.strategies.base import Context, Expansion, Strategy

Child = Table | ForeignTable
_UNTIL_THEN = "it is a partition until then"
_DROPPING = ("loosen", "drop", "again:validate", "again:tighten")


class ChangeInheritance(Strategy):
    """Tables that leave plain parents, join some, or do both."""

    name = "change_inheritance"
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        for old, new, fields in (*context.altered(Table), *context.altered(ForeignTable)):
            if "inherits" not in fields or new.id in context.rebuilds.whole:
                continue
            left = [p for p in old.inherits if p not in new.inherits]
            joined = [p for p in new.inherits if p not in old.inherits]
            claimed = {new.id: frozenset({"inherits"})}
            if left and joined and _hands_over(context, new, left, joined):
                yield _changing(context, old, new, left, joined, claimed)
                continue
            if left:
                yield _leaving(context, old, new, left, joined, claimed)
            if joined:
                yield _joining(context, old, new, joined, bool(left), {} if left else claimed)
            if not left and not joined:
                yield Expansion((_ordering(old, new),), fields=claimed)
        for column in context.created(Column):
            yield from _behind_other_types(context, column)
        for column in context.dropped(Column):
            yield from _ahead_of_other_types(context, column)


def _hands_over(context: Context, new: Child, left: list[ObjectId], joined: list[ObjectId]) -> bool:
    """Whether it has all that the new parents hand down already, and nothing about it changes on either side; what
    comes and goes with them is there by then, and still."""
    own = {m.id.path[-1]: m.id for m in _members(new.id, context.before)}
    wanted = {m.id.path[-1] for p in joined for m in _members(p, context.after)}
    still = wanted <= own.keys() and not context.changes.keys() & {own[name] for name in wanted}
    staying = {p for p in _above([*left, *joined], context.after) if p in context.before and p in context.after}
    return still and new.partition_of is None and not _changed(context, staying)


def _ordering(old: Child, new: Child) -> Step:
    table = kind_of(new.id).reference(new)
    return Step(
        id=step_id("order", new.id),
        title=f"let {new.id} inherit {_listed(new.inherits)} in this order",
        object=new.id,
        strategy=ChangeInheritance.name,
        phase=Phase.EXPAND,
        why="both versions of the application can live with it",
        up=tuple(put_in_order(table, old.inherits, new.inherits)),
        down=Down(tuple(put_in_order(table, new.inherits, old.inherits))),
        uses=frozenset({new.id, *new.inherits}),
    )


def _changing(
    context: Context,
    old: Child,
    new: Child,
    left: list[ObjectId],
    joined: list[ObjectId],
    claimed: dict[ObjectId, frozenset[str]],
) -> Expansion:
    """The new parents come first: a column or check that no parent hands down any more is the table's own, and no
    statement makes it an inherited one again."""
    table = kind_of(new.id).reference(new)
    inherited = {m.id for p in left for m in _members(p, context.before)}
    above = {m.id for p in joined for m in _members(p, context.after)}
    kept = [p for p in old.inherits if p not in left], [p for p in new.inherits if p not in joined]
    ordered, ordered_back = (
        put_in_order(table, [*kept[0], *joined], new.inherits),
        put_in_order(table, [*kept[1], *left], old.inherits),
    )
    step = Step(
        id=step_id("join", new.id),
        title=f"let {new.id} inherit {_listed(joined)} instead of {_listed(left)}",
        object=new.id,
        strategy=ChangeInheritance.name,
        phase=Phase.EXPAND,
        why="what both sides hand down stays inherited",
        up=(*join_parents(table, joined), *leave_parents(table, left), *ordered),
        down=Down((*join_parents(table, left), *leave_parents(table, joined), *ordered_back)),
        uses=frozenset({new.id, *joined, *above}),
        releases=frozenset({new.id, *left, *inherited}),
    )
    return Expansion((step,), fields=claimed, single=_waiting_for(context, new.id, step))


def _waiting_for(context: Context, child: ObjectId, step: Step) -> dict[str, After]:
    """The drops of what it no longer inherits; on the way back it is valid by the time that it is inherited again."""
    behind = After(step.id, f"{child} inherits it until then")
    gone = [m.id for m in _members(child, context.before) if m.inherited and m.id not in context.after]
    return {step_id(verb, m): behind for m in gone for verb in _DROPPING}


def _leaving(
    context: Context,
    old: Child,
    new: Child,
    left: list[ObjectId],
    joined: list[ObjectId],
    claimed: dict[ObjectId, frozenset[str]],
) -> Expansion:
    """What those parents get or change from now on is theirs alone, and what they lose stays until then."""
    table = kind_of(new.id).reference(new)
    inherited = {m.id for p in left for m in _members(p, context.before)}
    staying = [p for p in old.inherits if p not in left]
    back = (*join_parents(table, left), *put_in_order(table, [*staying, *left], old.inherits))
    step = Step(
        id=step_id("leave", new.id),
        title=f"take {new.id} off {_listed(left)}",
        object=new.id,
        strategy=ChangeInheritance.name,
        phase=Phase.EXPAND,
        why="both versions of the application can live with it",
        up=(*leave_parents(table, left), *_renames(context, new, back=False)),
        down=Down((*_renames(context, new, back=True), *back)),
        releases=frozenset({new.id, *left, *inherited}),
    )
    behind = After(step.id, f"{new.id} inherits it until then")
    waiting = _waiting_for(context, new.id, step)
    waiting |= {step_id("attach" if new.id.kind == "table" else "alter", new.id): behind} if new.partition_of else {}
    above = _above(left, context.before) - _above(new.inherits, context.before)
    passed_on = _changed(context, above, Create) | _changed(context, above, Alter) | _freed(context, old, left)
    return Expansion((step,), fields=claimed, single=waiting, behind=dict.fromkeys(passed_on, behind))


def _freed(context: Context, old: Child, left: list[ObjectId]) -> set[ObjectId]:
    """Its own columns and checks that are altered and that no parent which stays hands down: a NOT NULL can't go while
    it is inherited."""
    staying = [p for p in old.inherits if p not in left]
    names, kept = ({m.id.path[-1]: m for p in ps for m in _members(p, context.before)} for ps in (left, staying))
    freed = {n for n, m in names.items() if n not in kept or (_is_required(m) and not _is_required(kept[n]))}
    return {id for id in _changed(context, [old.id], Alter) if id.path[-1] in freed}


def _is_required(member: Column | Constraint) -> bool:
    return isinstance(member, Column) and member.not_null is not None


def _joining(
    context: Context,
    old: Child,
    new: Child,
    joined: list[ObjectId],
    leaves: bool,
    claimed: dict[ObjectId, frozenset[str]],
) -> Expansion:
    """The columns and checks on both sides are what they are to be by then."""
    table = kind_of(new.id).reference(new)
    free = [After(step_id("leave", new.id), "its columns are free then")] if leaves else []
    rebuild = context.rebuilds.items.get(new.id)
    if old.partition_of is not None and (rebuild is None or attachment(new.id) not in rebuild.parts):
        free.append(After(step_id("detach" if new.id.kind == "table" else "alter", new.id), _UNTIL_THEN))
    above = {m.id.path[-1]: m.id for p in joined for m in _members(p, context.after)}
    own = {m.id for m in _members(new.id, context.after)}
    staying = [p for p in old.inherits if p in new.inherits]
    ordered = put_in_order(table, [*staying, *joined], new.inherits)
    ordered_back = put_in_order(table, [p for p in new.inherits if p not in joined], staying)
    renamed, renamed_back = ([] if leaves else _renames(context, new, back=back) for back in (False, True))
    step = Step(
        id=step_id("join", new.id),
        title=f"let {new.id} inherit {_listed(joined)}",
        object=new.id,
        strategy=ChangeInheritance.name,
        phase=Phase.EXPAND,
        why="both versions of the application can live with it",
        up=(*renamed, *join_parents(table, joined), *ordered),
        down=Down((*leave_parents(table, joined), *ordered_back, *renamed_back)),
        uses=frozenset({new.id, *joined, *own, *above.values()}),
        after=tuple(free),
    )
    ready = After(step.id, f"{new.id} inherits it from then on")
    changed = context.changes.keys() & {id for id in own if id.path[-1] in above}
    changed |= {id for p in joined for id in _changed(context, [p])}
    return Expansion((step,), fields=claimed, ahead=dict.fromkeys(changed, ready))


def _renames(context: Context, table: Child, *, back: bool):
    """Names of NOT NULL constraints that are inherited before or afterwards."""
    one, other = (context.after, context.before) if back else (context.before, context.after)
    return renamed_not_nulls(table.id, one, other)


def _changed(context: Context, relations: Iterable[ObjectId], *sorts: type) -> set[ObjectId]:
    """The columns and checks of those relations that come, go or change, or of some sorts of change."""
    wanted = frozenset(relations)
    members = ((id, c) for id, c in context.changes.items() if id.kind in ("column", "constraint"))
    return {id for id, c in members if id.parent("table") in wanted and (not sorts or isinstance(c, sorts))}


def _above(parents: Iterable[ObjectId], catalog: Catalog) -> set[ObjectId]:
    """Those tables with all that they inherit themselves."""
    found: set[ObjectId] = set()
    for id in parents:
        found |= {id, *_above(getattr(catalog.objects.get(id), "inherits", ()), catalog)}
    return found


def _listed(ids: Iterable[ObjectId]) -> str:
    return ", ".join(map(str, ids))


def _behind_other_types(context: Context, column: Column) -> Iterable[Expansion]:
    """A column that a table which goes has with another type: its parent can't get it as long as that is there."""
    for own in _of_other_types(column, context.before, context.after):
        why = f"inherits {column.relation}, goes, and has its new column {column.name} as {own.type}"
        blocked = f"{own.relation} {why}, not {column.type}: drop it in a plan before"
        yield _once_gone(context, own.relation, column.id, own, blocked)


def _ahead_of_other_types(context: Context, column: Column) -> Iterable[Expansion]:
    """The reverse: a table that comes can't have a column with another type than the one that its parent has still."""
    for own in _of_other_types(column, context.after, context.before):
        why = f"inherits {column.relation}, comes, and has its column {column.name}, which goes, as {own.type}"
        blocked = f"{own.relation} {why}, not {column.type}: drop the column in a plan before"
        yield _once_gone(context, column.id, own.relation, own, blocked)


def _once_gone(context: Context, goes: ObjectId, comes: ObjectId, own: Column, blocked: str) -> Expansion:
    """What comes waits for what goes, where nobody uses the database meanwhile."""
    if not context.settings.offline:
        return Expansion((), blocked=(blocked,))
    return Expansion((), behind={comes: After(step_id("drop", goes), f"{own.id} is {own.type}")})


def _of_other_types(column: Column, one: Catalog, other: Catalog) -> Iterable[Column]:
    """The column of that name of each table below, which only ``one`` side has, where it has another type."""
    for below in sorted(descendants(column.relation, one)):
        own = one.get(below.child("column", column.name), Column)
        if below not in other and own is not None and own.type != column.type:
            yield own


def _members(table: ObjectId, catalog: Catalog) -> Iterable[Column | Constraint]:
    """The columns and checks that a child may have from its parents."""
    yield from catalog.members_of(table, Column)
    yield from (c for c in catalog.members_of(table, Constraint) if c.type == CHECK)


STRATEGY = ChangeInheritance()
