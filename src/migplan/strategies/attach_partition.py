"""Attaching and detaching partitions without reading them under an exclusive lock.

A valid CHECK that says what the bounds say spares ATTACH its scan (manual: ALTER TABLE, ATTACH PARTITION), and DETACH …
CONCURRENTLY the CHECK that it would otherwise leave behind under a name of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from migplan.core.changes import Alter
from migplan.core.ids import ObjectId
from migplan.core.sql import Sql, deparsed, ident, sql
from migplan.core.steps import (
    After,
    Assertion,
    Down,
    LockMode,
    Part,
    Phase,
    Statement,
    Step,
    Timing,
    step_id,
    temporary_name,
)
from migplan.kinds.bounds import in_the_way
from migplan.kinds.column import Column, NotNull, change_not_null
from migplan.kinds.names import names_of
from migplan.kinds.registry import kind_of
from migplan.kinds.table import Table, attach_partition, attached_indexes, attachment, columns_of, detach_partition
from migplan.strategies.backup import is_backed_up
from migplan.strategies.base import Context, Expansion, Rebuild, Size, Strategy
from migplan.strategies.partition_rows import exchanged, exchanged_back, exchanges, homeless, whole

AX, SUE = LockMode.ACCESS_EXCLUSIVE, LockMode.SHARE_UPDATE_EXCLUSIVE
NAME = "attach_partition"
_FIELDS = frozenset({"partition_of", "bound"})
_OF_THE_PARENT = frozenset({"type", "collation", "generated", "virtual"})


class AttachPartition(Strategy):
    """Tables that become partitions, that stop being one, or that change their bounds."""

    name = NAME
    offline = True

    def expand(self, context: Context) -> Iterable[Expansion]:
        moved: list[tuple[Table, Table]] = []
        for old, new, fields in context.altered(Table):
            if not fields & _FIELDS or new.id in context.rebuilds.items:
                continue
            changed = _reshaped_columns(context, new.id)
            if new.partition_of is None:
                steps = _detach(context, old, new)
                behind = _not_inherited(context, old, steps) | _away(changed, steps, old)
                yield Expansion(tuple(steps), fields=_claimed(context, new), behind=behind)
            elif old.partition_of is None:
                steps = _attach(context, old, new)
                yield Expansion(tuple(steps), fields=_claimed(context, new), ahead=_ahead(changed, steps[-1].id))
            elif changed:
                yield replace(_moved_changing(context, old, new, changed), fields=_claimed(context, new))
            else:
                moved.append((old, new))
        for pairs in _changing_places(moved):
            claimed = {id: fields for _, new in pairs for id, fields in _claimed(context, new).items()}
            yield Expansion((_move(context, pairs),), fields=claimed)
        for rebuild in context.rebuilds.items.values():
            old, new = context.before.get(rebuild.id, Table), context.after.get(rebuild.id, Table)
            if old and new and attachment(old.id) in rebuild.parts and not rebuild.whole:
                yield _hung_anew(context, old, rebuild) if new.partition_of else _left_alone(context, old, rebuild)
        for table in context.dropped(Table):
            if table.id not in context.rebuilds.items and concurrently(context, table):
                yield Expansion(tuple(_drop(context, table)), frozenset({table.id}))


def _claimed(context: Context, table: Table) -> dict[ObjectId, frozenset[str]]:
    renamed = {column.id: frozenset({"not_null"}) for _, column in _renamed_not_nulls(context, table.id)}
    return {table.id: _FIELDS, **renamed}


def _not_inherited(context: Context, old: Table, steps: Sequence[Step]) -> dict[ObjectId, After]:
    """Columns that the former parent gets once the table can't inherit them any more."""
    detach = next((s for s in steps if attachment(old.id) in s.destroys), None)
    if detach is None:
        return {}
    after = After(detach.id, f"{old.id} would get it too")
    return {c.id: after for c in context.created(Column) if c.relation == old.partition_of}


def _renamed_not_nulls(context: Context, table: ObjectId) -> list[tuple[Column, Column]]:
    """From 18 on a partition's NOT NULL mostly bears its parent's name, and can't be renamed while it is inherited."""
    if context.after.major < 18:
        return []
    known = {c.name: c for c in columns_of(table, context.before)}
    pairs = [(known[c.name], c) for c in columns_of(table, context.after) if c.name in known]
    return [(old, new) for old, new in pairs if _only_renamed(old.not_null, new.not_null)]


def _only_renamed(old: NotNull | None, new: NotNull | None) -> bool:
    if old is None or new is None or old.given == new.given:
        return False
    return replace(old, name=None, given=None) == replace(new, name=None, given=None)


def _renames(context: Context, table: ObjectId, *, back: bool = False) -> list[Statement]:
    pairs = _renamed_not_nulls(context, table)
    return [s for old, new in pairs for s in (change_not_null(new, old) if back else change_not_null(old, new))]


@dataclass(frozen=True, slots=True)
class _Guard:
    """A temporary CHECK of ``table``."""

    table: ObjectId
    condition: Sql
    name: str

    @property
    def add(self) -> Statement:
        clause = sql("ADD CONSTRAINT {} CHECK ({}) NOT VALID", ident(self.name), self.condition)
        return Statement(sql("ALTER TABLE {} {}", ident(*self.table.path), clause), AX)

    @property
    def validate(self) -> Statement:
        clause = sql("VALIDATE CONSTRAINT {}", ident(self.name))
        command = sql("ALTER TABLE {} {}", ident(*self.table.path), clause)
        return Statement(command, SUE, scan=True, timing=Timing.LONG)

    @property
    def drop(self) -> Statement:
        return Statement(sql("ALTER TABLE {} DROP CONSTRAINT {}", ident(*self.table.path), ident(self.name)), AX)


def _guard(context: Context, table: Table) -> _Guard | None:
    """The check of a large partition's bounds. Those of hash partitions name their parent by number: no text does."""
    condition = table.bound_condition
    if condition is None or "satisfies_hash_partition" in condition:
        return None
    if context.size(table.id) is not Size.LARGE:
        return None
    return _Guard(table.id, deparsed(condition), temporary_name(table.id.path[-1], "bounds"))


def _default_guard(context: Context, table: Table) -> _Guard | None:
    """The same for a large default partition, none of whose rows may belong to the new one."""
    assert table.partition_of is not None
    default = default_partition(context, table.partition_of)
    if default is None or default in context.successions.successors or table.bound_condition is None:
        return None
    if context.size(default) is not Size.LARGE:
        return None
    condition = sql("NOT ({})", deparsed(table.bound_condition))
    return _Guard(default, condition, temporary_name(default.path[-1], "bounds"))


def default_partition(context: Context, parent: ObjectId) -> ObjectId | None:
    """The live default partition of a table."""
    for id in context.partitions.get(parent, ()):
        table = context.before.get(id, Table)
        if table is not None and table.bound == "DEFAULT":
            return id
    return None


def _attach(context: Context, old: Table, new: Table) -> list[Step]:
    guard, default_guard = _guard(context, new), _default_guard(context, new)
    sentence = None if default_guard is None else f"writes no rows of {new.id} into {default_guard.table}"
    steps: list[Step] = []
    if guard is not None:
        replaces = attachment(new.id) in context.successions.exchanges
        phase = Phase.CONTRACT if replaces else Phase.MIGRATE
        kept = f"writes no rows outside the bounds of {new.id} into it" if replaces else None
        steps += _guard_steps(guard, new.id, "refuse rows outside its bounds in", phase, kept)
    if default_guard is not None:
        steps += _guard_steps(default_guard, new.id, "refuse its rows in", Phase.CONTRACT, sentence)
    guards = [g for g in (guard, default_guard) if g is not None]
    attach = replace(attach_partition(new), scan=guard is None)
    return [*steps, _link(context, old, new, [attach], [detach_partition(new)], guards, steps)]


def _guard_steps(guard: _Guard, partition: ObjectId, verb: str, phase: Phase, sentence: str | None) -> list[Step]:
    count = sql("SELECT count(*) FROM {} WHERE NOT ({})", ident(*guard.table.path), guard.condition)
    add = Step(
        id=step_id("guard", guard.table),
        title=f"{verb} {guard.table}",
        object=guard.table,
        strategy=NAME,
        phase=phase,
        why="NOT VALID: existing rows are not read",
        up=(guard.add,),
        down=Down((guard.drop,)),
        uses=frozenset({partition}),
        deploy=sentence,
        asserts=(Assertion(count, f"rows of {guard.table} stand in the way of attaching {partition}"),),
    )
    validate = Step(
        id=step_id("prove", guard.table),
        title=f"prove it of every row of {guard.table}",
        object=guard.table,
        strategy=NAME,
        phase=phase,
        why="reads the table under a lock that only DDL and vacuum feel, and spares the next step its scan",
        up=(guard.validate,),
        down=Down(()),
        after=(After(add.id, "validates it"),),
    )
    return [add, validate]


def _link(
    context: Context,
    old: Table,
    new: Table,
    up: Sequence[Statement],
    down: Sequence[Statement],
    guards: Sequence[_Guard],
    before: Sequence[Step],
) -> Step:
    """The step that hangs the table on its parent, or moves it; guards go in the same transaction."""
    kind = kind_of(new.id)
    sentence = None if context.settings.offline else kind.contract(old, new)
    return Step(
        id=step_id("attach", new.id),
        title=f"attach {new.id} to {new.partition_of}",
        object=new.id,
        strategy=NAME,
        phase=max((Phase.EXPAND if sentence is None else Phase.CONTRACT, *(s.phase for s in before))),
        why="the check spares the scan" if guards else "both versions of the application can live with it",
        up=(*_renames(context, new.id), *up, *(g.drop for g in guards)),
        down=Down((*(g.add for g in guards), *down, *_renames(context, new.id, back=True))),
        creates=frozenset({attachment(new.id)}),
        uses=context.after.uses.get(new.id, frozenset()) | kind.alter_uses(old, new, context.after),
        releases=context.before.uses.get(new.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
        after=tuple(After(s.id, "the check must be valid") for s in before),
    )


def _move(context: Context, pairs: Sequence[tuple[Table, Table]]) -> Step:
    """Other bounds, or another parent: all that change places are detached, then attached, in one transaction."""
    (old, new), *others = pairs
    up = [
        *(detach_partition(o) for o, _ in pairs),
        *exchanged(context, pairs),
        *(attach_partition(n) for _, n in pairs),
    ]
    down = [
        *(detach_partition(n) for _, n in pairs),
        *exchanged_back(context, pairs),
        *(attach_partition(o) for o, _ in pairs),
    ]
    first = _link(context, old, new, up, down, (), ())
    more = [_link(context, o, n, (), (), (), ()) for o, n in others]
    assert isinstance(first.down, Down)
    moved = {new.id for _, new in pairs}
    rows = exchanges(context, pairs)
    givers = {id for old, _ in rows if old.id not in moved for id in whole(context.before, old.id)}
    takers = {id for _, new in rows if new.id not in moved for id in whole(context.after, new.id)}
    return replace(
        first,
        up=(*(s for m in more for s in m.up), *first.up),
        down=Down((*first.down.statements, *(s for m in more if isinstance(m.down, Down) for s in m.down.statements))),
        creates=first.creates.union(*(m.creates for m in more)),
        uses=first.uses.union(*(m.uses for m in more), takers),
        releases=first.releases.union(*(m.releases for m in more), givers),
        asserts=tuple(homeless(context, pairs)),
    )


def _changing_places(moved: Sequence[tuple[Table, Table]]) -> list[list[tuple[Table, Table]]]:
    """The moved partitions, together those of which one takes bounds that another has now."""
    groups: list[list[tuple[Table, Table]]] = []
    for pair in moved:
        joined = [g for g in groups if any(_in_the_way(one, pair) or _in_the_way(pair, one) for one in g)]
        groups = [g for g in groups if g not in joined]
        groups.append([*(p for g in joined for p in g), pair])
    return groups


def _in_the_way(one: tuple[Table, Table], other: tuple[Table, Table]) -> bool:
    old, new = one[0], other[1]
    return old.partition_of == new.partition_of and in_the_way(old.bound, new.bound)


def _reshaped_columns(context: Context, table: ObjectId) -> list[ObjectId]:
    """Its columns that come, go or change their type: in a partition that is its parent's business."""
    columns = (c for i, c in context.changes.items() if i.kind == "column" and i.parent("table") == table)
    return [c.id for c in columns if not isinstance(c, Alter) or c.fields & _OF_THE_PARENT]


def _away(columns: Iterable[ObjectId], steps: Sequence[Step], old: Table) -> dict[ObjectId, After]:
    detach = next(s for s in steps if attachment(old.id) in s.destroys)
    return dict.fromkeys(columns, After(detach.id, f"the columns of a partition are those of {old.partition_of}"))


def _ahead(columns: Iterable[ObjectId], attach: str) -> dict[ObjectId, After]:
    return dict.fromkeys(columns, After(attach, "a partition has the columns of its parent"))


def _hung_anew(context: Context, old: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, or is made again, with other columns: they change while the partition hangs on none."""
    changed = _reshaped_columns(context, old.id)
    dropped, made = context.rebuilt_parts(rebuild)
    off, on = step_id("drop", old.id, _place(old, dropped)), step_id("create", old.id, _place(old, made))
    hung = (context.after[id] for id in attached_indexes(old.id, context.after))
    above = (getattr(o, "parent", None) or getattr(o, "index_parent", None) for o in hung)
    waiting = dict.fromkeys((id for id in above if id), After(on, f"ATTACH hangs the indexes of {old.id} on it"))
    return Expansion(
        (),
        behind=dict.fromkeys(changed, After(off, f"the columns of a partition are those of {old.partition_of}")),
        ahead=_ahead(changed, on) | waiting,
        company=dict.fromkeys(changed, rebuild.group),
    )


def _left_alone(context: Context, old: Table, rebuild: Rebuild) -> Expansion:
    """Its parent goes, and the partition stays as a table of its own, with columns of its own."""
    off = step_id("drop", old.id, _place(old, context.rebuilt_parts(rebuild)[0]))
    away = After(off, f"the columns of a partition are those of {old.partition_of}")
    return Expansion((), behind=dict.fromkeys(_reshaped_columns(context, old.id), away))


def _place(table: Table, parts: Sequence[Part]) -> int:
    return next(number for number, part in enumerate(parts) if attachment(table.id) in part.provides)


def _moved_changing(context: Context, old: Table, new: Table, changed: list[ObjectId]) -> Expansion:
    """To another parent, which has other columns: they change in between, all in one transaction."""
    move, group = _move(context, [(old, new)]), f"move {new.id}"
    attach = replace(move, up=move.up[-1:], down=Down((detach_partition(new),)), together=group)
    detach = replace(
        _detached(context, old, new, move.deploy, (), ()), phase=move.phase, up=move.up[:-1], together=group
    )
    attach = replace(attach, after=(*attach.after, After(detach.id, "it has one parent at a time")))
    return Expansion(
        (detach, attach),
        behind=_away(changed, [detach], old),
        ahead=_ahead(changed, attach.id),
        company=dict.fromkeys(changed, group),
    )


def _detach(context: Context, old: Table, new: Table) -> list[Step]:
    sentence = None if context.settings.offline else kind_of(new.id).contract(old, new)
    guard = _guard(context, old)
    if guard is None or not concurrently(context, old):
        return [_detached(context, old, new, sentence, (), ())]
    steps = _guard_steps(guard, new.id, "keep rows outside its bounds out of", Phase.CONTRACT, sentence)
    steps = [replace(s, asserts=()) for s in steps]
    detach = _detached(context, old, new, sentence, (guard,), steps)
    renames, back = _renames(context, old.id), _renames(context, old.id, back=True)
    last = Step(
        id=step_id("unguard", old.id),
        title=f"let {old.id} take any row",
        object=old.id,
        strategy=NAME,
        phase=Phase.CONTRACT,
        why="metadata only",
        up=(guard.drop, *renames),
        down=Down((*back, guard.add, guard.validate)),
        after=(After(detach.id, "it is a table of its own now"),),
    )
    return [*steps, detach, last]


def _detached(
    context: Context,
    old: Table,
    new: Table,
    sentence: str | None,
    guards: Sequence[_Guard],
    before: Sequence[Step],
) -> Step:
    detach = (detach_concurrently(old),) if guards else (detach_partition(old), *_renames(context, old.id))
    back = () if guards else _renames(context, old.id, back=True)
    return Step(
        id=step_id("detach", old.id),
        title=f"detach {old.id} from {old.partition_of}",
        object=old.id,
        strategy=NAME,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="waits for the queries that read it, instead of stopping them" if guards else f"the application {sentence}",
        up=detach,
        down=Down((*back, replace(attach_partition(old), scan=not guards))),
        destroys=frozenset({attachment(old.id)}),
        uses=context.after.uses.get(new.id, frozenset()),
        releases=context.before.uses.get(old.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
        after=tuple(After(s.id, "it leaves no check of its own behind then") for s in before),
    )


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
            strategy=NAME,
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


def concurrently(context: Context, partition: Table) -> bool:
    """Whether a partition can be detached while queries go on: not beside a default partition (manual: ALTER TABLE),
    and not where others take its bounds at the same moment."""
    parent = partition.partition_of
    if parent is None or parent not in context.before or context.settings.offline:
        return False
    if partition.id in context.successions.successors:
        return False
    return context.size(parent) is Size.LARGE and default_partition(context, parent) is None


def detach_concurrently(partition: Table) -> Statement:
    """``DETACH PARTITION … CONCURRENTLY``, which no transaction block may hold.

    It waits for the queries that read the partition by its parent; at its end the partition itself is locked for a
    moment, which queries on the parent don't look at any more.
    """
    assert partition.partition_of is not None
    parent = ident(*partition.partition_of.path)
    command = sql("ALTER TABLE ONLY {} DETACH PARTITION {} CONCURRENTLY", parent, ident(*partition.id.path))
    own = ((".".join(partition.id.path), LockMode.ACCESS_EXCLUSIVE),)
    return Statement(command, SUE, transactional=False, timing=Timing.LONG, stronger=own)


STRATEGY = AttachPartition()
