"""The steps that hang a table on its partitioned parent and take it off."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from migplan.core.ids import ObjectId
from migplan.core.sql import ident, sql
from migplan.core.steps import After, Down, LockMode, Phase, Statement, Step, Timing, step_id
from migplan.kinds.attachment import attachment
from migplan.kinds.column import Column, NotNull
from migplan.kinds.not_null import change_not_null
from migplan.kinds.registry import kind_of
from migplan.kinds.settled_below import hang, take_off
from migplan.kinds.table import Table, columns_of
from migplan.strategies.base import Context, Size
from migplan.strategies.partitions.bounds_guard import ATTACH_PARTITION, BoundsGuard, default_partition

SUE = LockMode.SHARE_UPDATE_EXCLUSIVE


def renamed_not_nulls(context: Context, table: ObjectId) -> list[tuple[Column, Column]]:
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


def not_null_renames(context: Context, table: ObjectId, *, back: bool = False) -> list[Statement]:
    pairs = renamed_not_nulls(context, table)
    return [s for old, new in pairs for s in (change_not_null(new, old) if back else change_not_null(old, new))]


def linked(
    context: Context,
    old: Table,
    new: Table,
    up: Sequence[Statement],
    down: Sequence[Statement],
    guards: Sequence[BoundsGuard],
    before: Sequence[Step],
) -> Step:
    """The step that hangs the table on its parent, or moves it; guards go in the same transaction."""
    kind = kind_of(new.id)
    sentence = None if context.settings.offline else kind.contract(old, new)
    return Step(
        id=step_id("attach", new.id),
        title=f"attach {new.id} to {new.partition_of}",
        object=new.id,
        strategy=ATTACH_PARTITION,
        phase=max((Phase.EXPAND if sentence is None else Phase.CONTRACT, *(s.phase for s in before))),
        why="the check spares the scan" if guards else "both versions of the application can live with it",
        up=(*up, *(g.drop for g in guards)),
        down=Down((*(g.add for g in guards), *down)),
        creates=frozenset({attachment(new.id)}),
        uses=context.after.uses.get(new.id, frozenset()) | kind.alter_uses(old, new, context.after),
        releases=context.before.uses.get(new.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
        after=tuple(After(s.id, "the check must be valid") for s in before),
    )


def away(columns: Iterable[ObjectId], steps: Sequence[Step], old: Table) -> dict[ObjectId, After]:
    detach = next(s for s in steps if attachment(old.id) in s.destroys)
    return dict.fromkeys(columns, After(detach.id, f"the columns of a partition are those of {old.partition_of}"))


def ahead_of_attaching(columns: Iterable[ObjectId], attach: str) -> dict[ObjectId, After]:
    return dict.fromkeys(columns, After(attach, "a partition has the columns of its parent"))


def detached(
    context: Context,
    old: Table,
    new: Table,
    sentence: str | None,
    guards: Sequence[BoundsGuard],
    before: Sequence[Step],
) -> Step:
    at_once = (*take_off(old, context.before), *not_null_renames(context, old.id))
    detach = (detach_concurrently(old),) if guards else at_once
    back = () if guards else not_null_renames(context, old.id, back=True)
    return Step(
        id=step_id("detach", old.id),
        title=f"detach {old.id} from {old.partition_of}",
        object=old.id,
        strategy=ATTACH_PARTITION,
        phase=Phase.EXPAND if sentence is None else Phase.CONTRACT,
        why="waits for the queries that read it, instead of stopping them" if guards else f"the application {sentence}",
        up=detach,
        down=Down((*back, *hang(old, context.before, scan=not guards))),
        destroys=frozenset({attachment(old.id)}),
        uses=context.after.uses.get(new.id, frozenset()),
        releases=context.before.uses.get(old.id, frozenset()) - context.after.uses.get(new.id, frozenset()),
        deploy=sentence,
        after=tuple(After(s.id, "it leaves no check of its own behind then") for s in before),
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
