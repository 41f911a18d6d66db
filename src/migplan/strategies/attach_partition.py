"""Attaching and detaching partitions without reading them under an exclusive lock.

A valid CHECK that says what the bounds say spares ATTACH its scan (manual: ALTER TABLE, ATTACH PARTITION), and DETACH …
CONCURRENTLY the CHECK that it would otherwise leave behind under a name of its own.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.model import Catalog
from migplan.core.steps import After, Down, Part, Phase, Step, step_id
from migplan.kinds.attachment import attached_indexes, attachment, detach_partition
from migplan.kinds.column import Column
from migplan.kinds.constraint import CHECK, Constraint
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.settled_below import hang
from migplan.kinds.table import Table, columns_of
from migplan.strategies.backup import is_backed_up
from migplan.strategies.base import Context, Expansion, Rebuild, Strategy
from migplan.strategies.bounds_guard import ATTACH_PARTITION, guard_of, guard_of_default, guard_steps
from migplan.strategies.moved_partitions import changing_places, moved_apart, moved_together
from migplan.strategies.partition_links import (
    ahead_of_attaching,
    away,
    concurrently,
    detach_concurrently,
    detached,
    linked,
    not_null_renames,
    renamed_not_nulls,
)

_FIELDS = frozenset({"partition_of", "bound"})
_OF_THE_PARENT = frozenset({"type", "collation", "generated", "virtual", "identity"})


class AttachPartition(Strategy):
    """Tables that become partitions, that stop being one, or that change their bounds."""

    name = ATTACH_PARTITION
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        moved: list[tuple[Table, Table]] = []
        for old, new, fields in context.altered(Table):
            if not fields & _FIELDS or new.id in context.rebuilds.items:
                continue
            changed = _reshaped(context, new.id)
            if new.partition_of is None:
                steps = _detach(context, old, new)
                lost = _once_left(context, old, _detaching(steps, old))
                behind = _not_inherited(context, old, _detaching(steps, old)) | away(changed, steps, old) | lost
                kept = _kept(context, old, _detaching(steps, old))
                yield Expansion(tuple(steps), fields=_claimed(context, new), behind=behind, single=kept)
            elif old.partition_of is None:
                steps = _attach(context, old, new)
                ahead = ahead_of_attaching([*changed, *_lacking(context, old, new)], steps[-1].id)
                yield Expansion(tuple(steps), fields=_claimed(context, new), ahead=ahead)
            else:
                moved.append((old, new))
        for pairs in changing_places(moved):
            yield _moved(context, pairs)
        for rebuild in context.rebuilds.items.values():
            old, new = context.before.get(rebuild.id, Table), context.after.get(rebuild.id, Table)
            if old and new and attachment(old.id) in rebuild.parts and not rebuild.whole:
                yield (
                    _hung_anew(context, old, new, rebuild)
                    if new.partition_of
                    else _left_alone(context, old, new, rebuild)
                )
        for table in context.dropped(Table):
            if table.id not in context.rebuilds.items and concurrently(context, table):
                yield Expansion(tuple(_drop(context, table)), frozenset({table.id}))


def _moved(context: Context, pairs: list[tuple[Table, Table]]) -> Expansion:
    """In one step, unless something has to happen between the detaching and the attaching."""
    claimed = {id: fields for _, new in pairs for id, fields in _claimed(context, new).items()}
    changed = [id for _, new in pairs for id in _reshaped(context, new.id)]
    tightened = {id for old, _ in pairs for id in _tightened(context, old.id, set(_above(context.before, old)))}
    if changed or tightened:
        moving = moved_apart(context, pairs, changed, tightened)
    else:
        moving = Expansion((moved_together(context, pairs),))
    detaching = moving.steps[0].id
    lacking = [id for old, new in pairs for id in _lacking(context, old, new)]
    ahead = {**moving.ahead, **ahead_of_attaching(lacking, moving.steps[-1].id)}
    behind = dict(moving.behind)
    kept: dict[str, After] = {}
    for old, new in pairs:
        behind |= _once_left(context, old, detaching) | _kept_checks(context, old, detaching)
        stay = () if changed else set(_above(context.after, new))
        behind |= _not_inherited(context, old, detaching, stay)
        kept |= _kept(context, old, detaching)
    return replace(moving, fields=claimed, ahead=ahead, behind=behind, single=kept)


def _claimed(context: Context, table: Table) -> dict[ObjectId, frozenset[str]]:
    renamed = {column.id: frozenset({"not_null"}) for _, column in renamed_not_nulls(context, table.id)}
    return {table.id: _FIELDS, **renamed}


def _not_inherited(
    context: Context, old: Table, detaching: str, stay: Iterable[ObjectId] = ()
) -> dict[ObjectId, After]:
    """Columns that the former parents get once it can't inherit them any more, but for parents that ``stay``."""
    after = After(detaching, f"{old.id} would get it too")
    above = set(_above(context.before, old)).difference(stay)
    return {c.id: after for c in context.created(Column) if c.relation in above}


def _kept(context: Context, old: Table, detaching: str) -> dict[str, After]:
    """The drops of columns above it that it keeps, or loses by itself: they go from all that is below."""
    above, own = set(_above(context.before, old)), {c.name for c in columns_of(old.id, context.after)}
    own |= {c.name for c in context.dropped(Column) if c.relation == old.id}
    after = After(detaching, f"{old.id} keeps its own")
    dropped = (c for c in context.dropped(Column) if c.relation in above and c.name in own)
    return {step_id("drop", c.id): after for c in dropped}


def _detaching(steps: Sequence[Step], old: Table) -> str:
    """The step that takes it off its parent."""
    return next(s.id for s in steps if attachment(old.id) in s.destroys)


def _once_left(context: Context, old: Table, detaching: str) -> dict[ObjectId, After]:
    """Checks that only its former parent handed down can go once it has left; then those above can refer to it."""
    inherited = After(detaching, f"it is inherited from {old.partition_of} until then")
    dropped = (c for c in context.dropped(Constraint) if c.relation == old.id and c.type == CHECK)
    own = After(detaching, "a table can't refer to its own partition")
    above = set(_above(context.before, old))
    keys = (c for c in context.created(Constraint) if c.target == old.id and c.relation in above)
    passed_on = After(detaching, f"{old.id} would get it too")
    return (
        {c.id: inherited for c in dropped if c.inherited}
        | {c.id: own for c in keys}
        | dict.fromkeys(_tightened(context, old.id, above), passed_on)
    )


def _kept_checks(context: Context, old: Table, detaching: str) -> dict[ObjectId, After]:
    """Checks that its former parents lose, and the partition has under its next one as well: they go from all that is
    below."""
    above, kept = set(_above(context.before, old)), After(detaching, f"{old.id} keeps its own")
    dropped = (c for c in context.dropped(Constraint) if c.relation in above and c.type == CHECK)
    return {c.id: kept for c in dropped if old.id.child("constraint", c.name) in context.after}


def _tightened(context: Context, table: ObjectId, above: set[ObjectId]) -> Iterable[ObjectId]:
    """Columns above it that become NOT NULL, where its own doesn't, or goes."""
    for old, new, fields in context.altered(Column):
        if new.relation in above and "not_null" in fields and old.not_null is None:
            own = context.after.get(table.child("column", new.name), Column)
            if own is None or own.not_null is None:
                yield new.id


def _above(catalog: Catalog, table: Table) -> Iterable[ObjectId]:
    parent = catalog.get(table.partition_of, Table) if table.partition_of else None
    if parent is not None:
        yield parent.id
        yield from _above(catalog, parent)


def _dropped(context: Context, tables: Container[ObjectId]) -> Iterable[Column]:
    return (c for c in context.dropped(Column) if c.relation in tables)


def _lacking(context: Context, old: Table, new: Table) -> list[ObjectId]:
    """Columns that those above it lose, and that it never had."""
    dropped = _dropped(context, set(_above(context.after, new)))
    return [c.id for c in dropped if old.id.child("column", c.name) not in context.before]


def _attach(context: Context, old: Table, new: Table) -> list[Step]:
    guard, default_guard = guard_of(context, new), guard_of_default(context, new)
    sentence = None if default_guard is None else f"writes no rows of {new.id} into {default_guard.table}"
    steps: list[Step] = []
    if guard is not None:
        late = attachment(new.id) in context.successions.exchanges or bool(_lacking(context, old, new))
        phase = Phase.CONTRACT if late else Phase.MIGRATE
        kept = f"writes no rows outside the bounds of {new.id} into it" if late else None
        steps += guard_steps(guard, new.id, "refuse rows outside its bounds in", phase, kept)
    if default_guard is not None:
        steps += guard_steps(default_guard, new.id, "refuse its rows in", Phase.CONTRACT, sentence)
    guards = [g for g in (guard, default_guard) if g is not None]
    attach = [*not_null_renames(context, new.id), *hang(new, context.after, scan=guard is None)]
    detach = [detach_partition(new), *not_null_renames(context, new.id, back=True)]
    return [*steps, linked(context, old, new, attach, detach, guards, steps)]


def _reshaped(context: Context, table: ObjectId) -> list[ObjectId]:
    """Its columns that come, go, change their type or numbering, or lose a NOT NULL that they inherit, and checks that
    it inherits before and after as something else: in a partition that is its parent's business."""
    columns = (c for i, c in context.changes.items() if i.kind == "column" and i.parent("table") == table)
    reshaped = [c.id for c in columns if not isinstance(c, Alter) or c.fields & _OF_THE_PARENT or _loosened(c)]
    checks = (pair for pair in context.altered(Constraint) if pair[1].relation == table and "definition" in pair[2])
    return [*reshaped, *(new.id for old, new, _ in checks if old.type == CHECK and old.inherited and new.inherited)]


def _loosened(change: Alter) -> bool:
    old, new = change.old, change.new
    return (
        isinstance(old, Column)
        and isinstance(new, Column)
        and old.inherited
        and not new.not_null
        and bool(old.not_null)
    )


def _hung_anew(context: Context, old: Table, new: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, or is made again, with other columns: they change while the partition hangs on none."""
    changed = _reshaped(context, old.id)
    dropped, made = context.rebuilt_parts(rebuild)
    off, on = step_id("drop", old.id, _place(old, dropped)), step_id("create", old.id, _place(old, made))
    hung = (context.after[id] for id in attached_indexes(old.id, context.after))
    above = (getattr(o, "parent", None) or getattr(o, "index_parent", None) for o in hung)
    waiting = dict.fromkeys((id for id in above if id), After(on, f"ATTACH hangs the indexes of {old.id} on it"))
    both = set(_above(context.before, old)) & set(_above(context.after, new))
    come = {c.id: After(off, f"{old.id} gets it as well") for c in context.created(Column) if c.relation in both}
    gone = {step_id("drop", c.id): After(on, f"{old.id} loses it as well") for c in _dropped(context, both)}
    renaming = _names(context, old, off)
    return Expansion(
        renaming,
        fields=_names_claimed(context, new),
        behind=dict.fromkeys(changed, After(off, f"the columns of a partition are those of {old.partition_of}"))
        | _once_left(context, old, off)
        | _kept_checks(context, old, off),
        single=gone
        | dict.fromkeys([on] * len(renaming), After(step_id("name", old.id), "what is inherited can't be renamed")),
        ahead=ahead_of_attaching(changed, on) | waiting | come,
        company=dict.fromkeys(changed, rebuild.group),
    )


def _left_alone(context: Context, old: Table, new: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, and the partition stays as a table of its own, with columns of its own."""
    off = step_id("drop", old.id, _place(old, context.rebuilt_parts(rebuild)[0]))
    away = After(off, f"the columns of a partition are those of {old.partition_of}")
    behind = dict.fromkeys(_reshaped(context, old.id), away) | _once_left(context, old, off)
    kept = _kept(context, old, off)
    return Expansion(_names(context, old, off), fields=_names_claimed(context, new), behind=behind, single=kept)


def _names_claimed(context: Context, table: Table) -> dict[ObjectId, frozenset[str]]:
    return {id: fields for id, fields in _claimed(context, table).items() if id != table.id}


def _names(context: Context, old: Table, off: str) -> tuple[Step, ...]:
    """Its NOT NULL constraints get their names while no parent hands them down."""
    renames = not_null_renames(context, old.id)
    step = Step(
        id=step_id("name", old.id),
        title=f"give the NOT NULL constraints of {old.id} their names",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.EXPAND,
        why="metadata only",
        up=tuple(renames),
        down=Down(tuple(not_null_renames(context, old.id, back=True))),
        after=(After(off, "what is inherited can't be renamed"),),
    )
    return (step,) if renames else ()


def _place(table: Table, parts: Sequence[Part]) -> int:
    return next(number for number, part in enumerate(parts) if attachment(table.id) in part.provides)


def _detach(context: Context, old: Table, new: Table) -> list[Step]:
    sentence = None if context.settings.offline else kind_of(new.id).contract(old, new)
    guard = guard_of(context, old)
    if guard is None or not concurrently(context, old):
        return [detached(context, old, new, sentence, (), ())]
    steps = guard_steps(guard, new.id, "keep rows outside its bounds out of", Phase.CONTRACT, sentence)
    steps = [replace(s, asserts=()) for s in steps]
    detach = detached(context, old, new, sentence, (guard,), steps)
    renames, back = not_null_renames(context, old.id), not_null_renames(context, old.id, back=True)
    last = Step(
        id=step_id("unguard", old.id),
        title=f"let {old.id} take any row",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.CONTRACT,
        why="metadata only",
        up=(guard.drop, *renames),
        down=Down((*back, guard.add, guard.validate)),
        after=(After(detach.id, "it is a table of its own now"),),
    )
    return [*steps, detach, last]


def _drop(context: Context, table: Table) -> list[Step]:
    """DROP TABLE of a partition would lock its parent: detached first, it is nobody's business any more."""
    kind = kind_of(table.id)
    sentence = kind.drop_contract(table)
    loses = None if is_backed_up(context, table) or table.partition_key else context.successions.rows_lost(table)
    parts = context.pieces_before.of(table.id)
    steps = [
        Step(
            id=step_id("drop", table.id, number),
            title=f"drop {table.id}" if number == 0 else f"undo what completed {table.id}",
            object=table.id,
            strategy=ATTACH_PARTITION,
            phase=Phase.CONTRACT,
            why=f"the application {sentence}",
            up=part.drop,
            down=Down(part.create, loses=loses if number == 0 else None),
            destroys=part.provides,
            releases=part.uses,
            frees=names_of(table) if number == 0 else frozenset(),
            deploy=sentence,
            loses=loses if number == 0 else None,
        )
        for number, part in reversed(list(enumerate(parts)))
    ]
    attached = attachment(table.id)
    return [_let_go(s, table) if attached in s.destroys else s for s in steps]


def _let_go(step: Step, table: Table) -> Step:
    return replace(
        step,
        id=step_id("detach", table.id),
        title=f"detach {table.id} from {table.partition_of}",
        why="waits for the queries that read it, instead of stopping them",
        up=(detach_concurrently(table),),
    )


STRATEGY = AttachPartition()
